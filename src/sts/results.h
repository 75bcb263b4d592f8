/* sts/results.h - how sessions end, and by which policy: the words of RFC 8460. */
#ifndef STS_RESULTS_H
#define STS_RESULTS_H

enum sts_result {
#define STS_RESULT(name, word) STS_##name,
#include "sts/results.def"
	STS_RESULTS
};
const char *sts_result_word(enum sts_result r);

enum tally_kind { TALLY_TLSA, TALLY_STS, TALLY_NO_POLICY, TALLY_KINDS };
const char *tally_kind_word(enum tally_kind k);

#endif
