/** Of two outcomes the lesser is the better: whatever was said is worth more than silence, and there 503 more than 408. */
export const rankOf = (status: number, heard: boolean): number =>
  heard ? preference(status) : 2000 - status;

/**
 * Which of the final answers collected from the branches goes back (RFC 3261 §16.7 step 6): any 6xx, else the
 * lowest class, and in class 4 those first that say how the request could still succeed.
 */
function preference(status: number): number {
  if (status >= 600) return 0;
  switch (status) {
    case 401:
    case 407:
      return 410;
    case 415:
    case 420:
    case 484:
      return 411;
    case 408: // says nothing about the callee: any other 4xx is better
      return 498;
    case 503: // RFC 3261 §16.7: not passed on as it is, since it would speak for this proxy
      return 599;
    default:
      return status < 400 ? status : status < 500 ? 420 + (status - 400) / 100 : status;
  }
}
