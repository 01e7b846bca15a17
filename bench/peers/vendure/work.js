'use strict';
// The job worker, apart from the servers as in production.
const { bootstrapWorker } = require('@vendure/core');
const { config } = require('./config.js');

bootstrapWorker(config)
    .then(worker => worker.startJobQueue())
    .catch(error => {
        console.error(error);
        process.exit(1);
    });
