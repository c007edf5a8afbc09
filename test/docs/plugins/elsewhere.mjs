// Announces an address that no host dials.
console.log("1|1|tcp|93.184.216.34:80|jsonrpc|");
setInterval(() => {}, 1_000);
