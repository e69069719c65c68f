import type { Message } from '../message/message.ts';
import type { Rewrite } from '../message/rewrite.ts';

/** Changes a message on its way out. `own` is what its receiver is to call us: `192.0.2.1:5060;transport=tcp`. */
export type Edit = (message: Message, rewrite: Rewrite, own: string) => void;

/** What whoever is on one side of a proxy is not to see of who is on the other. */
export interface Hiding {
  /** The Vias that a request came with stay here, and are put back into its answers. */
  readonly vias: boolean;
  /** Where it is known by two names, the outer side is not told the inner one. */
  readonly innerRoute: boolean;
  /** Applied to the request as it goes out, and to each answer as it goes back. */
  readonly request: Edit;
  readonly answer: Edit;
}

/** What is done to one answer. */
export interface AnswerHiding {
  readonly edit: Edit;
  readonly own: string;
  /** The header lines that were kept back from the request, or empty. */
  readonly vias: string;
}
