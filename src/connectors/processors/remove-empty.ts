import { NOTHING, type Preprocessor } from "./processor.js";

export const removeEmpty: Preprocessor = {
  push: (data) => (data.length === 0 ? NOTHING : [data]),
  end: () => NOTHING,
};
