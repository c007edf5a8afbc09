import { BlockList, isIP } from "node:net";

// What leads to this machine, its network, or nowhere. @see https://www.iana.org/assignments/iana-ipv4-special-registry
const IPV4 = (
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 " +
  "198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
).split(" ");
// Of IPv6 all is refused but what is routed; and in that, what leads to an IPv4 address by another way.
const IPV6 = "::/3 4000::/2 8000::/1 2001::/23 2001:db8::/32 2002::/16 3fff::/20".split(" ");

// One for each: a list of both takes an IPv4 address for its form in IPv6 as well.
const lists: Partial<Record<"ipv4" | "ipv6", BlockList>> = {};

/** Says whether an address is one that a URL of a package must not lead to. What is no address is taken for one. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  const type = family === 6 ? "ipv6" : "ipv4";
  lists[type] ??= listOf(family === 6 ? IPV6 : IPV4, type);
  return lists[type].check(address, type);
}

function listOf(ranges: readonly string[], type: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network, bits] = range.split("/") as [string, string];
    list.addSubnet(network, Number(bits), type);
  }
  return list;
}
