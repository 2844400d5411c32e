/** Questions about a program or a session: explain it, does it end, fill its holes, what comes. */
import { get, post, streamed } from './api.js';
import { h, refill } from './dom.js';
import { valueOf } from './panels.js';
import { doubt, percent, shortened, VERDICTS } from './values.js';

const AHEAD = 10; // frames

/** Runs a question: its button waits, its answer or its problem is shown. */
function asking(button, host, onProblem, ask) {
  return async (event) => {
    event?.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    host.setAttribute('aria-busy', 'true');
    refill(host, h('p', { class: 'empty' }, 'Predicting…'));
    try {
      await ask(host);
    } catch (error) {
      refill(host);
      onProblem(error);
    } finally {
      button.disabled = false;
      host.removeAttribute('aria-busy');
    }
  };
}

function panel(host, about, label, content = []) {
  const button = h('button', { type: 'submit', class: 'secondary' }, label);
  const answer = h('div', { class: 'answer', 'aria-live': 'polite' });
  const form = h('form', { class: 'tool-form' }, h('p', { class: 'hint' }, about), content, button);
  host.append(form, answer);
  return { button, answer, form };
}

/** `context`: {session, program(), problem(error), use(source), useArgs(args), goToFrame(frame), showLine(line)}. */
export function explainPanel(host, context) {
  const detail = h('select', { 'aria-label': 'Detail' }, [['', 'as fits'], ['steps', 'every step'], ['changes', 'what changes'], ['calls', 'calls']].map(([value, text]) => h('option', { value }, text)));
  const { button, answer, form } = panel(host, 'The run in sentences.', 'Explain', detail);
  form.addEventListener(
    'submit',
    asking(button, answer, context.problem, async () => {
      const { session } = context;
      const explained =
        session === null
          ? await streamed('/explain', { ...asked(context), detail: detail.value || null }, (name, told) => progress(answer, told))
          : await get(`/sessions/${encodeURIComponent(session.id)}/explain${detail.value ? `?detail=${detail.value}` : ''}`);
      refill(
        answer,
        explained.sentences.length === 0
          ? h('p', {}, explained.text)
          : h('ol', { class: 'sentences' }, explained.sentences.map((sentence) => sentenceItem(sentence, context))),
      );
    }),
  );
}

function sentenceItem({ text, frame, line, depth, confidence }, context) {
  const unsure = doubt(confidence);
  const item = h(
    'li',
    {},
    h('button', { type: 'button', class: 'sentence', on: { click: () => context.goToFrame(frame, line) } }, h('span', { class: 'sentence-line' }, `${line}`), h('span', {}, text.split(/`([^`]+)`/).map((part, at) => (at % 2 === 1 ? h('code', {}, part) : part)))),
    unsure ? h('span', { class: 'doubt' }, ` ${'?'.repeat(unsure)}${percent(confidence)}`) : null,
  );
  item.style.setProperty('--level', Math.min(depth, 8));
  return item;
}

function asked(context) {
  const { source, function: name, args } = context.program();
  return { source, ...(name === null ? {} : { function: name, args }) };
}

function progress(answer, told) {
  const done = told.frames_done ?? told.frames ?? told.done;
  if (typeof done === 'number') refill(answer, h('p', { class: 'empty' }, `Predicting… ${done} frames`));
}

const ENDS = { ends: ['✓', 'right'], repeats: ['∞', 'wrong'], grows: ['↗', 'wrong'], unknown: ['?', 'quiet'] };

export function haltsPanel(host, context) {
  const { button, answer, form } = panel(host, 'Whether it ends, by rules where they tell, else by prediction.', 'Does it end?');
  form.addEventListener(
    'submit',
    asking(button, answer, context.problem, async () => {
      const { session } = context;
      const found =
        session === null
          ? await streamed('/halts', asked(context), (name, told) => progress(answer, told))
          : await get(`/sessions/${encodeURIComponent(session.id)}/halts`);
      const [sign, kind] = ENDS[found.answer] ?? ENDS.unknown;
      const facts = [
        found.frames === null ? null : `${found.frames} frames`,
        found.line === null ? null : `line ${found.line}`,
        found.cycle === null ? null : `frames ${found.cycle[0]} to ${found.cycle[1]} repeat`,
        found.confidence === null ? null : `${percent(found.confidence)} sure`,
        found.basis === 'worked out' ? 'worked out from literals' : null,
      ].filter(Boolean);
      refill(
        answer,
        h('p', { class: 'verdict-line' }, h('span', { class: `big-sign ${kind}`, 'aria-hidden': 'true' }, sign), h('strong', {}, found.answer)),
        h('p', {}, found.text),
        facts.length > 0 && h('p', { class: 'quiet' }, facts.join(' · ')),
      );
    }),
  );
}

export function holesPanel(host, context) {
  const examples = h('textarea', { rows: 2, spellcheck: 'false', class: 'mono', placeholder: "f(1) -> 2, one a line", 'aria-label': 'Examples of what is wanted, one a line' });
  const { button, answer, form } = panel(
    host,
    'Write ?? where something is missing. Each way to fill it is tried by prediction on the examples of the docstring, the asserts, and these:',
    'Fill holes',
    examples,
  );
  form.addEventListener(
    'submit',
    asking(button, answer, context.problem, async () => {
      const wanted = examples.value.split('\n').map((line) => line.trim()).filter(Boolean);
      const list = h('ol', { class: 'candidates' });
      const note = h('p', { class: 'empty' }, 'Trying…');
      refill(answer, note, list);
      const { source } = context.program();
      const found = [];
      const { candidates } = await streamed('/fill', { source, examples: wanted }, (name, told) => {
        if (name !== 'candidate') return;
        found.push(told);
        refill(list, ranked(found).map((one) => candidateItem(one, context)));
      });
      const best = candidates[0];
      note.textContent =
        best === undefined
          ? 'Nothing fits. Say in examples what is wanted.'
          : `${candidates.length} tried; the best agrees with ${best.right} of ${best.evidence.length} examples, as predicted.`;
      refill(list, candidates.map((one) => candidateItem(one, context)));
    }),
  );
}

function ranked(candidates) {
  return [...candidates].sort((a, b) => b.right - a.right);
}

function candidateItem({ texts, origin, right, evidence, source }, context) {
  const isGood = evidence.length > 0 && right === evidence.length;
  return h(
    'li',
    { class: 'candidate' },
    h(
      'div',
      { class: 'candidate-head' },
      h('code', { class: 'candidate-text' }, texts.join(' … ')),
      h('span', { class: isGood ? 'right' : 'quiet' }, `${right}/${evidence.length}`),
      h('span', { class: 'badge' }, origin),
      h('button', { type: 'button', class: 'link', on: { click: () => context.use(source) } }, 'use'),
    ),
    h(
      'ul',
      { class: 'evidence' },
      evidence.map(({ example, wanted, predicted, verdict, ran, ran_right: ranRight }) => {
        const known = VERDICTS[verdict] ?? VERDICTS['not comparable'];
        return h(
          'li',
          {},
          h('span', { class: `verdict ${known.kind}`, 'aria-label': known.words }, known.sign),
          ` ${shortened(example, 60)} → `,
          h('code', {}, predicted === null ? '–' : shortened(predicted, 60)),
          known.kind === 'right' ? null : h('span', { class: 'quiet' }, `, wanted ${shortened(wanted, 60)}`),
          ran === null ? null : h('span', { class: ranRight ? 'right' : 'wrong' }, `, really ${shortened(ran, 60)}`),
        );
      }),
    ),
  );
}

export function aheadPanel(host, context) {
  const { button, answer, form } = panel(host, `The next ${AHEAD} frames, without going there.`, 'Look ahead');
  form.addEventListener(
    'submit',
    asking(button, answer, context.problem, async () => {
      const done = await context.session?.act({ kind: 'look_ahead', frames: AHEAD });
      const ahead = done?.ahead ?? [];
      refill(answer, ahead.length === 0 ? h('p', { class: 'empty' }, done?.text || 'Nothing is ahead.') : h('ol', { class: 'frames' }, framesItems(ahead)));
    }),
  );
}

function framesItems(frames) {
  let known = {};
  return frames.map((frame) => {
    const changed = Object.entries(frame.locals ?? {}).filter(([name, { text }]) => known[name] !== text);
    if (frame.locals !== null) known = Object.fromEntries(Object.entries(frame.locals).map(([name, { text }]) => [name, text]));
    return h(
      'li',
      {},
      h('span', { class: 'place' }, `${frame.function}:${frame.line}`),
      h('code', { class: 'frame-source' }, frame.source.trim()),
      frame.value !== null && h('span', { class: 'frame-change' }, `${frame.event} `, valueOf(frame.value, { most: 80 })),
      changed.slice(0, 6).map(([name, value]) => h('span', { class: 'frame-change' }, `${name} `, valueOf(value, { most: 60 }))),
    );
  });
}

export function inputsPanel(host, context) {
  const kind = h('select', { 'aria-label': 'Outcome' }, [['returned', 'returns'], ['raised', 'raises'], ['reached', 'reaches line']].map(([value, text]) => h('option', { value }, text)));
  const wanted = h('input', { type: 'text', class: 'mono', spellcheck: 'false', required: true, 'aria-label': 'The outcome wanted', placeholder: '[1, 2]' });
  const { button, answer, form } = panel(host, 'Arguments of the function that may lead to an outcome.', 'Guess', h('span', { class: 'pair' }, kind, wanted));
  form.addEventListener(
    'submit',
    asking(button, answer, context.problem, async () => {
      const value = kind.value === 'reached' ? Number(wanted.value) : wanted.value;
      const { source, function: name } = context.program();
      const { guesses } = await post('/inputs', { source, function: name, [kind.value]: value });
      refill(
        answer,
        guesses.length === 0
          ? h('p', { class: 'empty' }, 'No arguments were found.')
          : h(
              'ol',
              { class: 'candidates' },
              guesses.map(({ args, predicted, verified, probability }) =>
                h(
                  'li',
                  { class: 'candidate' },
                  h(
                    'div',
                    { class: 'candidate-head' },
                    h('code', { class: 'candidate-text' }, `(${args})`),
                    h('span', { class: verified ? 'right' : 'wrong' }, verified ? '✓ predicted so' : `≠ predicted ${shortened(predicted, 60)}`),
                    probability === null ? null : h('span', { class: 'quiet' }, percent(probability)),
                    h('button', { type: 'button', class: 'link', on: { click: () => context.useArgs(args) } }, 'use'),
                  ),
                ),
              ),
            ),
      );
    }),
  );
}
