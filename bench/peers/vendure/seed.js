'use strict';
// Makes the schema and the goods: PEER_GOODS is a JSON list of {name, stock}. Prints {name: variant id}.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { bootstrap, LanguageCode, ProductVariant, TransactionalConnection } = require('@vendure/core');
const { populate } = require('@vendure/core/cli');
const { config } = require('./config.js');

const initial = {
    defaultLanguage: LanguageCode.en,
    defaultZone: 'Asia',
    countries: [{ name: 'China', code: 'CN', zone: 'Asia' }],
    taxRates: [{ name: 'Standard Tax', percentage: 0 }],
    shippingMethods: [{ name: 'Standard Shipping', price: 0 }],
    paymentMethods: [
        {
            name: 'Dummy',
            handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'true' }] },
        },
    ],
    collections: [],
};
const columns =
    'name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets';

async function main() {
    const goods = JSON.parse(process.env.PEER_GOODS);
    const rows = goods.map(g => `${g.name},${g.name},,,,,,${g.name},39.90,Standard Tax,${g.stock},true,,`);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'yantuan-peer-'));
    const file = path.join(folder, 'goods.csv');
    fs.writeFileSync(file, [columns, ...rows].join('\n'));
    const app = await populate(() => bootstrap(config), initial, file);
    const variants = await app.get(TransactionalConnection).rawConnection.getRepository(ProductVariant).find();
    fs.rmSync(folder, { recursive: true });
    fs.writeFileSync(process.env.PEER_ANSWER, JSON.stringify(Object.fromEntries(variants.map(v => [v.sku, String(v.id)]))));
    process.exit(0);
}

main().catch(error => {
    console.error(error);
    process.exit(1);
});
