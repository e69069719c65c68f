/** The gate could not be opened; the message is for the operator. */
export class CannotServe extends Error {}
