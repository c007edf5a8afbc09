import type { PluginIdentity } from "../../contract/context.js";
import { PluginError, type StartStep } from "../../errors.js";
import type { Checked } from "../../executable/checksum.js";
import { type AllowedAddress, type Announcement, parseAnnouncement, whyRefused } from "../../handshake/announcement.js";
import { checkOffer } from "../../handshake/ready-params.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import { warnOfInheritedDescriptors } from "../../process/inherited-descriptors.js";
import type { Exit } from "../../process/runtime.js";
import type { DialTls } from "../../transport/tls.js";
import { formatAddress } from "../../util/address.js";
import { systemClock } from "../../util/clock.js";
import { deferred } from "../../util/deferred.js";
import { isFallback } from "../../util/logger.js";
import { setTimeout } from "../../util/timers.js";
import { explainLoss } from "../ending.js";
import { openLink } from "../links.js";
import type { ResolvedClientOptions } from "../options/options.js";
import type { PluginLink, UnprovenLink } from "../plugin-link.js";
import { Stdio } from "../stdio.js";
import { GivenUp, mayBeExit, TimeUp } from "./failure.js";
import { launch } from "./launch.js";
import type { Launched, Started } from "./opened.js";
import { shareSocket } from "./socket-group.js";
import { startError } from "./start-error.js";
import { startLimiter, type Turn } from "./start-limiter.js";
import { tlsFor } from "./tls-identity.js";

// How long what was lost may take to turn out as the process's end.
const EXIT_MS = 250;
// How long an attempt that was given up waits for a process that was asked for, and may come yet.
const LATE_MS = 1_000;

/** One attempt to start a plugin, step by step. Whatever it opened is handed out, also when it fails. */
export class Starting {
  launched: Launched | undefined;
  stdio: Stdio | undefined;
  link: PluginLink | undefined;
  #step: StartStep = "options";
  #announced = false;
  #exit: Exit | undefined;
  #launching: Promise<Launched> | undefined;
  /** Nobody looks any more at what is handed out. */
  #over = false;
  readonly #options: ResolvedClientOptions;
  readonly #identity: PluginIdentity;
  readonly #abort = new AbortController();
  readonly #failed = deferred<never>();

  constructor(options: ResolvedClientOptions, identity: PluginIdentity) {
    this.#options = options;
    this.#identity = identity;
    this.#failed.promise.catch(() => {});
  }

  /** Resolves when the plugin is ready. @throws {StartError} Naming the step that failed; the process may still run then. */
  async run(): Promise<Started> {
    const { startTimeoutMs } = this.#options;
    const turn = startLimiter.take();
    let stopTimer = (): void => {};
    try {
      checkOffer(this.#options);
      await this.#until(turn.come);
      stopTimer = systemClock.after(startTimeoutMs, () => this.#stop(new TimeUp(startTimeoutMs)));
      return await this.#run(turn);
    } catch (error) {
      throw await this.#fail(error as Error);
    } finally {
      stopTimer();
      turn.end();
    }
  }

  /** Gives the attempt up. */
  cancel(): void {
    this.#stop(new GivenUp("it was killed by this program while it started"));
  }

  async #run(turn: Turn): Promise<Started> {
    this.#step = "spawn";
    this.#launching = this.#launch();
    const launched = await this.#until(this.#launching);
    const stdio = this.stdio as Stdio;
    this.#watchExit(launched, stdio);
    this.#step = "announcement";
    const line = await this.#until(stdio.announcement);
    this.#announced = true;
    turn.end();
    // By now what was run is loaded: whatever was put in its place while that went on shows.
    if (launched.checked !== undefined) await this.#until(this.#confirm(launched.checked));
    const announcement = admit(line, launched);
    const tls = tlsFor(launched.tls, announcement.cert);
    this.#step = "connect";
    const address = launched.running.toHost?.(announcement.address) ?? announcement.address;
    const { link, greet } = await this.#until(this.#connect({ ...announcement, address }, tls, launched));
    this.#step = "hello";
    // A plugin may take its time to configure itself, and no longer than that to prove who it is.
    const onTrust = (): void => {
      this.#step = "ready";
    };
    await this.#until(greet(onTrust));
    return { launched, stdio, link, address, protocol: announcement.protocol };
  }

  async #launch(): Promise<Launched> {
    const launched = await launch(this.#options, this.#abort.signal, (step) => {
      this.#step = step;
    });
    // It came too late for anybody to end it.
    if (this.#over) launched.running.signal("SIGKILL");
    this.launched = launched;
    const source = { shown: this.#options.shown, secret: launched.env.secret, plugin: this.#identity.id };
    this.stdio = new Stdio(launched.running, this.#options.stdio, this.#options.logger, source);
    if (this.#over) void launched.running.exited.then(() => launched.release()).catch(() => {});
    // While the plugin gets ready there is time for it; and by now somebody has the process in hand.
    if (this.#options.runtime === undefined && this.#options.reattach === undefined) this.#warn();
    return launched;
  }

  /** Of what is of interest to who looks after this program, and asked to be told. */
  #warn(): void {
    const { logger } = this.#options;
    if (!isFallback(logger)) warnOfInheritedDescriptors(logger);
  }

  async #confirm(checked: Checked): Promise<void> {
    this.#step = "checksum";
    await checked.confirm();
    this.#step = "announcement";
  }

  #watchExit({ running }: Launched, stdio: Stdio): void {
    void running.exited.then(async (exit) => {
      this.#exit = exit;
      // Its last words may still be in the pipe when it is gone, and the announcement among them.
      await stdio.drained;
      this.#stop(new Error("it ended"));
    });
  }

  async #connect({ address, protocol }: Announcement, tls: DialTls | undefined, { env: { secret } }: Launched): Promise<UnprovenLink> {
    const { socketGroup } = this.#options;
    const explain = (reason: CloseReason): Promise<CloseReason> => explainLoss(this, reason);
    const [options, identity, { signal }] = [this.#options, this.#identity, this.#abort];
    const opened = await openLink({ address, protocol, tls, secret, options, identity, signal, explain });
    // Held at once, so that it is closed whatever happens next.
    this.link = opened.link;
    if (address.network === "unix" && socketGroup !== undefined) await shareSocket(address.path, socketGroup);
    return opened;
  }

  #until<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    return Promise.race([work, this.#failed.promise]);
  }

  #stop(error: Error): void {
    this.#failed.reject(error);
    this.#abort.abort(error);
  }

  async #fail(error: Error): Promise<Error> {
    this.#abort.abort(error);
    await Promise.race([this.#launching?.catch(() => {}), sleep(LATE_MS)]);
    this.#over = true;
    if (this.launched !== undefined && mayBeExit(error)) {
      await Promise.race([this.launched.running.exited.then(() => this.stdio?.drained), sleep(EXIT_MS)]);
    }
    // What it said on stderr before its last answer waits in the pipe.
    await new Promise<void>((resolve) => systemClock.soon(resolve));
    const { stderrTail = "", noise = "" } = this.stdio ?? {};
    const executable = this.launched?.executable;
    return startError(
      { error, step: this.#step, exit: this.#exit, announced: this.#announced, stderrTail, noise, executable },
      this.#options,
    );
  }
}

function admit(line: string, { env }: Launched): Announcement {
  const announcement = parseAnnouncement(line);
  const { minPort, maxPort, unixSocketDir } = env;
  const allowed: AllowedAddress = { minPort, maxPort, unixSocketDir, inspectorPort: process.debugPort };
  const why = whyRefused(announcement.address, allowed);
  if (why === undefined) return announcement;
  const shown = formatAddress(announcement.address).slice(0, 200);
  throw new PluginError("BAD_HANDSHAKE", `it announced the address "${shown}", and no connection was attempted: ${why}`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
