// Ends before it has announced itself.
console.error("Error: Cannot find module 'zod'");
process.exit(1);
