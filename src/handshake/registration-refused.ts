import { JSONRPCErrorException, WireCode } from "../wire/error-codes.js";

/** Why a plugin that dials in is not taken in: what it is answered, and with which code it is closed. */
export class RegistrationRefused extends Error {
  /** What `rpc.register` is answered with. */
  readonly answer: JSONRPCErrorException;
  /** Of the close frame: 1008, or one after which it dials again. */
  readonly closeCode: number;

  /** @param why For the host's own log: it may say more than the plugin is told. */
  constructor(
    wire: { readonly code: number; readonly message: string; readonly data?: object },
    closeCode: number,
    why: string = wire.message,
  ) {
    super(why);
    this.answer = new JSONRPCErrorException(wire.message, wire.code, wire.data);
    this.closeCode = closeCode;
  }
}

/** `rpc.register` itself does not fit. @param problem The end of the sentence. */
export function unfit(problem: string, data?: object): RegistrationRefused {
  return new RegistrationRefused({ code: WireCode.invalidInput, message: `Cannot register: ${problem}`, ...(data && { data }) }, 1008);
}

/** Something of the host's own failed, which is none of the plugin's business. */
export function hostFault(why: string, told = "The host failed; its log says how"): RegistrationRefused {
  return new RegistrationRefused({ code: WireCode.internal, message: told }, 1011, why);
}
