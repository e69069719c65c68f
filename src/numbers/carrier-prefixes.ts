/**
 * What the library's tables lack of what may be dialled before a number abroad, from public knowledge of how carriers
 * are chosen there. Each is an expression, and begins no number at home.
 */
export const moreAbroad: Readonly<Record<string, string>> = {
  HK: '00[68]0',
  // Indosat, Telkom and Bakrie, and what they sell cheaper
  ID: '00[1789]|010\\d\\d',
  // KDDI, NTT, SoftBank and others, with the prefix or, as it was, without
  JP: '(?:00(?:1|3[38]|4[16]|61|82|9130))?010|00(?:1|3[38]|4[16]|61|82|9130)',
  KR: '00[37]\\d\\d',
  // 8~26 and on like 8~10, by the carrier; 8~21 and 8~51 and on are theirs for calls at home
  RU: '8(?:10|2[678]|5[6-9])',
};
