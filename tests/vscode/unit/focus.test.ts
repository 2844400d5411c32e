import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JourneyFocus } from '../../../client-vscode/src/timeline/focus';

test('a journey is over when its stop is shown and the editor has taken the focus, in either order', () => {
  for (const order of [['show', 'take'], ['take', 'show']] as const) {
    const focus = new JourneyFocus();
    focus.leave();
    focus.stop();
    assert.ok(focus.isPending);
    focus[order[0]]();
    assert.ok(focus.isPending);
    focus[order[1]]();
    assert.ok(!focus.isPending);
    assert.ok(focus.isReturning, 'a stop on the way may still take it');
    focus.stay();
    assert.ok(!focus.isReturning);
  }
});

test('what happens before the stop, or for an earlier one, does not end a journey', () => {
  const focus = new JourneyFocus();
  focus.leave();
  focus.take();
  focus.show();
  assert.ok(focus.isPending);
  focus.stop();
  focus.take();
  focus.stop();
  focus.show();
  assert.ok(focus.isPending);
  focus.take();
  assert.ok(!focus.isPending);
});

test('the focus is left alone where no journey took it', () => {
  const focus = new JourneyFocus();
  focus.stop();
  focus.take();
  focus.show();
  assert.ok(!focus.isReturning);
  assert.ok(!focus.isPending);
});
