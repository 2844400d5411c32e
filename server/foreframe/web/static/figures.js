/** A model card's figures in an order for readers: what it gets right first, how it was made last. Pure. */

const EVENTS = { line: 'a line', ret: 'a return', return: 'a return', for: 'a loop', call: 'a call', exc: 'an exception', exception: 'an exception', jump: 'a jump ahead', backward: 'a step back', outcome: 'an outcome', unwind: 'a way out of a frame', exact: 'all of them' };
const ACTIONS = { step_over: 'step over', step_out: 'step out', run_to: 'run to a line' };
const KINDS = { values: 'values', places: 'places', jumps: 'jumps', past_values: 'values, going back', past_places: 'places, going back' };

/** Groups, each with [names, what to call them]; $1 in a label is the first part that was caught. */
const GROUPS = [
  {
    title: 'Whole answers about programs it never saw',
    isFirst: true,
    rows: [
      [/^output_pass_at_1_full_trace$/, 'output, walking every frame'],
      [/^output_pass_at_1_run_to$/, 'output, running to the end'],
      [/^output_pass_at_1_jump$/, 'output, in one jump'],
      [/^input_pass_at_1$/, 'an input for an output'],
      [/^output_cut_off$/, 'outputs cut off'],
      [/^input_cut_off$/, 'inputs cut off'],
      [/^dev_sample_programs$/, 'programs asked about'],
    ],
  },
  {
    title: 'One step, after a true past',
    isFirst: true,
    rows: [
      [/^frame_exact_with_true_past$/, 'the whole frame'],
      [/^state_exact_with_true_past$/, 'its values'],
      [/^action_exact_with_true_past$/, 'its line and event'],
      [/^legal_frames$/, 'frames that can be'],
    ],
  },
  {
    title: 'One step back',
    isFirst: true,
    rows: [
      [/^backward_frame_exact$/, 'the whole frame'],
      [/^previous_values$/, 'its values'],
      [/^previous_line$/, 'its line and event'],
    ],
  },
  {
    title: 'A whole run on its own',
    isFirst: true,
    rows: [
      [/^free_running\.final_output$/, 'the output'],
      [/^free_running\.frame_exact$/, 'whole frames'],
      [/^free_running\.state_exact$/, 'values of a frame'],
      [/^free_running\.action_exact$/, 'lines and events'],
      [/^free_running\.keys_and_values$/, 'names with values'],
      [/^free_running\.keys$/, 'names'],
      [/^free_running\.valid_values$/, 'values that are Python'],
      [/^free_running\.valid_trace$/, 'runs that can be read'],
    ],
  },
  {
    title: 'Speed',
    isFirst: true,
    rows: [
      [/^step_ms_p50$/, 'a step, median', 'ms'],
      [/^step_ms_p95$/, 'a step, 95th percentile', 'ms'],
      [/^walk_ms_p50$/, 'a frame of a walk, median', 'ms'],
    ],
  },
  { title: 'Whole frames by event', rows: [[/^by_event\.(\w+)\.exact$/, EVENTS]] },
  { title: 'Actions, frame by frame', rows: [[/^actions\.walk\.(\w+)\.exact$/, ACTIONS]] },
  { title: 'Actions, in one jump', rows: [[/^actions\.jump\.(\w+)\.exact$/, ACTIONS]] },
  { title: 'Actions, going back', rows: [[/^actions\.back\.(\w+)\.exact$/, ACTIONS]] },
  {
    title: 'How far its sureness is off',
    rows: [
      [/^ece_dev_next_frame$/, 'the next frame'],
      [/^ece_dev_values$/, 'values'],
      [/^ece_dev_returned_values$/, 'returned values'],
      [/^ece_dev_values_jumped_to$/, 'values jumped to'],
    ],
  },
  { title: 'The same, where it was tuned', rows: [[/^confidence\.(\w+)\.ece$/, KINDS]] },
  { title: 'Frames of generated programs', rows: [[/^generated_(exact|line|for|call|ret|exc|unwind|jump|backward|outcome)$/, EVENTS], [/^generated_tokens_right$/, 'tokens'], [/^generated_frames$/, 'frames asked for']] },
  { title: 'Frames of written programs', rows: [[/^programs_(exact|line|for|call|ret|exc|unwind|jump|backward|outcome)$/, EVENTS], [/^programs_tokens_right$/, 'tokens'], [/^programs_frames$/, 'frames asked for']] },
  {
    title: 'How it was made',
    rows: [
      [/^tokens_seen$/, 'tokens seen'],
      [/^training_minutes$/, 'minutes of training'],
      [/^vocabulary_size$/, 'tokens it knows'],
      [/^top1_as_checkpoint$/, 'same choice as before rounding'],
    ],
  },
];

/** What is told elsewhere, and counts that stand beside the shares they belong to. */
const ELSEWHERE = /^(parameters|vocabulary)$|^(by_event|actions)\..*\.frames$/;
const NO_SHARE = /loss|temperature|bias|minutes|count|cut_off|_ms_|(^|\.|generated_|programs_)frames$/;

/**
 * Groups of rows from figures by name, the most telling first, and those of unknown names last;
 * `isFirst`: what most readers want. A row is {name, label, value, text, isShare}.
 */
export function figureGroups(figures) {
  const left = new Map(Object.entries(figures).filter(([name]) => !ELSEWHERE.test(name)));
  const groups = [];
  for (const { title, rows, isFirst = false } of GROUPS) {
    const found = [];
    for (const [pattern, words, unit = null] of rows) {
      for (const [name, value] of left) {
        const part = pattern.exec(name);
        if (part === null) continue;
        left.delete(name);
        const label = typeof words === 'string' ? words : (words[part[1]] ?? spoken(part[1]));
        const of = figures[name.replace(/exact$/, 'frames')];
        const count = name.includes('.') && name.endsWith('.exact') && of !== undefined ? `, of ${grouped(of)}` : '';
        found.push(row(name, `${label}${count}`, value, unit));
      }
    }
    if (found.length > 0) groups.push({ title, isFirst, rows: found });
  }
  if (left.size > 0) groups.push({ title: 'What has no words here', isFirst: false, rows: [...left].map(([name, value]) => row(name, spoken(name), value, null)) });
  return groups;
}

function row(name, label, value, unit) {
  const isShare = unit !== 'ms' && value >= 0 && value <= 1 && !NO_SHARE.test(name);
  const number = unit === 'ms' ? value.toFixed(1) : grouped(value);
  return { name, label, value, isShare, text: isShare ? `${(value * 100).toFixed(1)} %` : unit === 'ms' ? `${number} ms` : number };
}

function spoken(name) {
  return name.replaceAll('.', ', ').replaceAll('_', ' ');
}

/** A number as English writes it: 1,986,624. */
export function grouped(value) {
  return new Intl.NumberFormat('en', { maximumFractionDigits: value >= 100 ? 0 : 4 }).format(value);
}
