import { crc32, deflateRawSync } from "node:zlib";

/** One entry of a zip that is written byte by byte: what is given is said, whatever is so. */
export interface RawZipEntry {
  readonly name: string | Buffer;
  readonly data?: string | Buffer;
  /** The Unix mode with the type of file. */
  readonly mode?: number;
  /** 0 stored, 8 deflated. */
  readonly method?: number;
  readonly flags?: number;
  /** What is there in the place of the data, packed. */
  readonly packed?: Buffer;
  readonly crc?: number;
  /** The size that is claimed. */
  readonly bytes?: number;
  readonly packedBytes?: number;
  /** The name that stands before the data. */
  readonly localName?: string | Buffer;
  /** Where the list says that it begins. */
  readonly offset?: number;
  readonly madeBy?: number;
  readonly extra?: Buffer;
}

/** A zip of these entries. */
export function rawZip(entries: readonly RawZipEntry[], options: { prefix?: Buffer; count?: number; comment?: string } = {}): Buffer {
  const { prefix = Buffer.alloc(0), count = entries.length, comment = "" } = options;
  const parts: Buffer[] = [prefix];
  const list: Buffer[] = [];
  let offset = prefix.length;
  for (const entry of entries) {
    const made = make(entry, offset);
    parts.push(made.local);
    list.push(made.listed);
    offset += made.local.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(count & 0xffff, 8);
  end.writeUInt16LE(count & 0xffff, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, directory, end, Buffer.from(comment)]);
}

function make(entry: RawZipEntry, at: number): { local: Buffer; listed: Buffer } {
  const name = Buffer.from(entry.name);
  const localName = Buffer.from(entry.localName ?? name);
  const data = Buffer.from(entry.data ?? "");
  const { method = 8, flags = 0x0800, mode = 0o100644, madeBy = 3, extra = Buffer.alloc(0) } = entry;
  const packed = entry.packed ?? (method === 8 ? deflateRawSync(data) : data);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(flags, 2);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt16LE(0x21, 8);
  fields.writeUInt32LE(entry.crc ?? crc32(data), 10);
  fields.writeUInt32LE(entry.packedBytes ?? packed.length, 14);
  fields.writeUInt32LE(entry.bytes ?? data.length, 18);
  const own = Buffer.from(fields);
  own.writeUInt16LE(localName.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), own, localName, packed]);
  fields.writeUInt16LE(name.length, 22);
  fields.writeUInt16LE(extra.length, 24);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE((mode << 16) >>> 0, 6);
  rest.writeUInt32LE(entry.offset ?? at, 10);
  return { local, listed: Buffer.concat([Buffer.from("PK\x01\x02", "latin1"), Buffer.from([20, madeBy]), fields, rest, name, extra]) };
}
