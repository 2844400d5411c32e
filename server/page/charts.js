/** uPlot, as a module. */
export { default as Plot } from 'uplot';
