import type { InputStream } from './streams.ts';

interface KeyListener {
  /** What was typed or pasted, up to the end of a line and no further. */
  onKeys(keys: string): void;
  /** Ctrl-C, Ctrl-D, or a terminal that has gone. */
  onEnd(): void;
}

export interface Reading {
  /** The line was refused: read another for the same question. */
  next(): void;
  stop(): void;
}

/**
 * The one reader of the terminal during a command: input typed ahead waits for its question. The
 * terminal stays in raw mode in between, so that a password typed ahead is not echoed; Node
 * restores it on exit.
 */
export interface Keyboard {
  read(listener: KeyListener): Reading;
  /** Drop input typed ahead: it was meant for other questions. */
  discard(): void;
  close(): void;
}

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ENDS = ['\r', '\n', CTRL_D];
const LONGEST_AHEAD = 64 * 1024;

/** @param interrupt called at a Ctrl-C while nothing is asked. */
export function openKeyboard(stdin: InputStream, interrupt: () => void): Keyboard {
  let ahead = '';
  let listener: KeyListener | undefined;
  /** A line was handed over, and may answer the question. */
  let isAnswered = false;
  let isAfterReturn = false;
  let isOver = false;

  function handOver(): void {
    // CRLF ends one line, not two.
    if (isAfterReturn && ahead !== '') {
      ahead = ahead.replace(/^\n/, '');
      isAfterReturn = false;
    }
    if (!listener || isAnswered) return;
    if (ahead.startsWith(CTRL_D) || (isOver && ahead === '')) {
      listener.onEnd();
      return;
    }
    const end = ENDS.map((key) => ahead.indexOf(key)).filter((index) => index >= 0);
    const until = Math.min(ahead.length, ...end);
    const keys = ahead.slice(0, ahead[until] === CTRL_D ? until : until + 1);
    if (keys === '') return;
    ahead = ahead.slice(keys.length);
    isAfterReturn = keys.endsWith('\r');
    isAnswered = /[\r\n]$/.test(keys);
    listener.onKeys(keys);
    handOver();
  }

  function onData(data: Buffer | string): void {
    const keys = data.toString();
    if (keys.includes(CTRL_C)) {
      ahead = '';
      if (listener) listener.onEnd();
      else interrupt();
      return;
    }
    ahead = (ahead + keys).slice(0, LONGEST_AHEAD);
    handOver();
  }

  function onEnd(): void {
    isOver = true;
    handOver();
  }

  stdin.setRawMode?.(true);
  stdin.setEncoding('utf8');
  stdin.on('data', onData).on('end', onEnd);

  return {
    read(reader) {
      const next = () => {
        listener = reader;
        isAnswered = false;
        handOver();
      };
      next();
      return {
        next,
        stop() {
          listener = undefined;
        },
      };
    },
    discard() {
      ahead = '';
    },
    close() {
      stdin.off('data', onData).off('end', onEnd);
      stdin.setRawMode?.(false);
      stdin.pause();
    },
  };
}
