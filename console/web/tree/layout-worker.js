// Worker that reads a shape and lays it out, so that the page stays responsive.

import { layOut } from './layout.js';
import { readShape } from './shape.js';

onmessage = ({ data }) => {
  const shape = readShape(data);
  const layout = layOut(shape);
  postMessage({ shape, layout });
};
