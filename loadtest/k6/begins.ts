/** What k6 says when everything is prepared and the first request is about to be due. */
export const BEGINS = 'shortlist-loadtest: begins';
