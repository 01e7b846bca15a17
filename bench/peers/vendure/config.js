'use strict';
// One configuration for the shop, its worker and its seed: production settings, everything optional left out.
const { DefaultJobQueuePlugin, DefaultLogger, LogLevel, dummyPaymentHandler } = require('@vendure/core');

const database = new URL(process.env.PEER_DATABASE_URL);

exports.config = {
    apiOptions: {
        hostname: '127.0.0.1',
        port: Number(process.env.PEER_PORT),
        adminApiPath: 'admin-api',
        shopApiPath: 'shop-api',
        introspection: false,
        adminApiDebug: false,
        shopApiDebug: false,
    },
    authOptions: {
        tokenMethod: ['bearer'],
        superadminCredentials: { identifier: 'superadmin', password: process.env.PEER_SECRET },
    },
    dbConnectionOptions: {
        type: 'postgres',
        host: database.hostname,
        port: Number(database.port),
        username: database.username,
        database: database.pathname.slice(1),
        synchronize: process.env.PEER_SYNCHRONIZE === '1',
        logging: false,
        poolSize: 20,
    },
    logger: new DefaultLogger({ level: LogLevel.Error, timestamp: true }),
    paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
    plugins: [DefaultJobQueuePlugin.init({ useDatabaseForBuffer: true })],
};
