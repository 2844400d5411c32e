/** What the page uses of CodeMirror 6, as one module. */
export { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
export { python, pythonLanguage } from '@codemirror/lang-python';
export {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
  syntaxTree,
} from '@codemirror/language';
export { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
export { Compartment, EditorState, RangeSet, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
export {
  Decoration,
  drawSelection,
  EditorView,
  gutter,
  GutterMarker,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder,
  WidgetType,
} from '@codemirror/view';
export { tags } from '@lezer/highlight';
