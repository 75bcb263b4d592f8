/* sts/report.h - one domain's day as a report: JSON (RFC 8460, 4), and the mail that carries it (3, 5.3). */
#ifndef STS_REPORT_H
#define STS_REPORT_H

#include "base/buf.h"
#include "sts/tally.h"

enum { REPORT_RUAS_MOST = 8 };

/* Who reports. */
struct report_from {
	struct str hostname, contact;
};

void report_json(const struct report_from *from, int64_t day, const struct tally_domain *x, struct buf *out);
/* gzip; -1: no memory. */
int report_pack(struct str text, struct buf *out);
/* The whole mail for that address, CRLF, with the packed report in it. */
void report_mail(const struct report_from *from, int64_t day, struct str domain, struct str rcpt, struct str packed,
		 int64_t now_ms, struct buf *out);
/* "HOST!DOMAIN!BEGIN!END.json.gz", as 5.1 has it. */
void report_file_name(const struct report_from *from, int64_t day, struct str domain, struct buf *out);

/* The text of a record at _smtp._tls.DOMAIN: where reports go ("mailto:..." , "https://..."), at most most of them.
 * 0: none are wanted, or the record is malformed (3). */
size_t report_ruas(struct str record, struct str *out, size_t most);
/* The address of a mailto:, or empty when it is none that we would write to. */
struct str report_mailto(struct str rua);
/* https://HOST/PATH: its halves; false when it is another thing (a port, a login, another scheme). */
bool report_https(struct str rua, struct str *host, struct str *path);

#endif
