/** The focus during a journey over the timeline. Pure. */

/**
 * VS Code gives the focus to the editor some time after each stop. A view whose keys led to the
 * stop takes it back, when both have happened: the stop is shown, and the editor has the focus.
 */
export class JourneyFocus {
  private isAway = false;
  private hasStopped = false;
  private isShown = false;
  private isTaken = false;

  /** Whether the focus is to be taken back when the editor gets it. */
  get isReturning(): boolean {
    return this.isAway;
  }

  /** Whether the journey is not over yet. */
  get isPending(): boolean {
    return this.isAway && !(this.isShown && this.isTaken);
  }

  /** A journey begins. */
  leave(): void {
    this.isAway = true;
    this.hasStopped = this.isShown = this.isTaken = false;
  }

  /** The session has stopped; on a longer journey, again. */
  stop(): void {
    this.hasStopped = true;
    this.isShown = this.isTaken = false;
  }

  /** The stop is shown. */
  show(): void {
    this.isShown = this.hasStopped;
  }

  /** The editor shows the place of a stop, and has the focus. */
  take(): void {
    this.isTaken = this.hasStopped;
  }

  /** The focus stays where it is. */
  stay(): void {
    this.isAway = false;
  }
}
