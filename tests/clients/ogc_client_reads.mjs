// node ogc_client_reads.mjs MODULE ADDRESS COLLECTION,… → what @camptocamp/ogc-client read, as JSON on standard output
const { OgcApiEndpoint, WmsEndpoint, WmtsEndpoint } = await import(process.argv[2]);
const [site, names] = [process.argv[3], process.argv[4].split(",")];

const api = new OgcApiEndpoint(`${site}/api`);
const collections = {};
for (const name of names) {
  const about = await api.getCollectionInfo(name);
  const items = [];
  for (let page; page === undefined || page.length === 1000; items.push(...page)) {
    page = await api.getCollectionItems(name, 1000, items.length);
  }
  collections[name] = {
    title: about.title,
    crs: about.crs,
    formats: about.itemFormats,
    rows: Object.fromEntries(items.map((one) => [one.id, one.properties])),
    vectorTiles: await api.getVectorTilesetUrl(name, "EPSG6677Scales"),
    mapTiles: await api.getMapTilesetUrl(name, "WebMercatorQuad"),
    style: (await api.getStyle(name)).title,
  };
}
const wms = new WmsEndpoint(`${site}/wms`);
await wms.isReady();
const wmts = new WmtsEndpoint(`${site}/wmts`);
await wmts.isReady();
const read = {
  title: (await api.info).title,
  has: [await api.hasFeatures, await api.hasTiles, await api.hasStyles],
  featureCollections: await api.featureCollections,
  mapTileCollections: await api.mapTileCollections,
  tileMatrixSets: await api.tileMatrixSets,
  collections,
  wms: wms.getLayerByName("youto"),
  map: wms.getMapUrl(["youto"], {
    widthPx: 300, heightPx: 220, crs: "EPSG:3857", outputFormat: "image/png",
    extent: [15503000, 4263700, 15506400, 4266100],
  }),
  wmts: wmts.getLayers().map((layer) => layer.name),
  matrixSets: Object.fromEntries(wmts.getMatrixSets().map((one) => [one.identifier, one.crs])),
  tiles: names.flatMap((name) => wmts.getLayerByName(name).matrixSets.map((set) => {
    const limits = set.limits[0];
    const at = [limits.tileMatrix, limits.minTileRow, limits.minTileCol];
    return wmts.getTileUrl(name, "default", set.identifier, ...at, "image/png");
  })),
};
console.log(JSON.stringify(read));
