export declare function wholeNumbers(seed: number): () => number;
export declare function random(seed: number): () => number;
