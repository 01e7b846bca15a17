'use strict';
// The shop as a node cluster: one server process per PEER_PROCESSES, sharing a port.
const cluster = require('node:cluster');
const { bootstrap } = require('@vendure/core');
const { config } = require('./config.js');

function end(error) {
    console.error(error);
    process.exit(1);
}

if (cluster.isPrimary) {
    for (let n = 0; n < Number(process.env.PEER_PROCESSES); n += 1) cluster.fork();
    cluster.on('exit', () => process.exit(1));
    process.on('SIGTERM', () => {
        for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
        process.exit(0);
    });
} else {
    bootstrap(config).catch(end);
}
