/**
 * Tiles meet on whole pixels. OpenLayers cuts what it draws at the exact edge of each tile; between two pixels both
 * neighbours then cover that row by a part only, and a light hairline runs through every translucent area.
 */

import ExecutorGroup from "ol/render/canvas/ExecutorGroup";

const exact = ExecutorGroup.prototype.getClipCoords;

ExecutorGroup.prototype.getClipCoords = function (transform) {
  return exact.call(this, transform)?.map(Math.round) ?? (null as never);
};
