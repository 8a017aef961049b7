// Stands for the package resize-observer-polyfill, which Ant Design asks for: every browser that we support has it.
export default ResizeObserver
