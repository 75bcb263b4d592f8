#include "sts/report.h"

#include <zlib.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "sts/policy.h"

enum { DAY = 86400, GZIP_BITS = 15 + 16, RUA_MAX = 1000, ADDRESS_MAX = 254, LINE = 57 };

static void put_moment(struct buf *out, int64_t seconds)
{
	struct civil c = civil_of_seconds(seconds);

	buf_fmt(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

static void json_moment(struct json *j, int64_t seconds)
{
	BUF(b);

	put_moment(&b, seconds);
	json_str(j, buf_str(&b));
}

static void put_id(const struct report_from *from, int64_t day, struct str domain, struct buf *out)
{
	put_moment(out, day * DAY);
	buf_fmt(out, "_%.*s@%.*s", STR_ARG(domain), STR_ARG(from->hostname));
}

/* ---- JSON ---- */

static void put_strings(struct json *j, const struct str *at, size_t n)
{
	json_begin_array(j);
	for (size_t i = 0; i < n; i++)
		json_str(j, at[i]);
	json_end_array(j);
}

/* Of an MTA-STS policy: the hosts that it names. */
static void put_hosts(struct json *j, const struct tally_policy *p)
{
	json_begin_array(j);
	for (size_t i = 0; i < p->nlines; i++)
		if (str_istarts(p->lines[i], STR("mx:")))
			json_str(j, str_trim(str_skip(p->lines[i], 3)));
	json_end_array(j);
}

static void put_known(struct json *j, const char *key, struct str value)
{
	if (value.n > 0 && !str_eqz(value, "-"))
		json_key(j, key), json_str(j, value);
}

static void put_failure(struct json *j, const struct tally_failure *f)
{
	json_begin_object(j);
	json_key(j, "result-type"), json_z(j, sts_result_word(f->result));
	put_known(j, "receiving-mx-hostname", f->mx);
	put_known(j, "receiving-ip", f->ip);
	json_key(j, "failed-session-count"), json_num(j, (int64_t)f->n);
	put_known(j, "failure-reason-code", f->reason);
	json_end_object(j);
}

static void put_policy(struct json *j, const struct tally_domain *x, enum tally_kind k)
{
	const struct tally_policy *p = &x->of[k];

	json_begin_object(j);
	json_key(j, "policy"), json_begin_object(j);
	json_key(j, "policy-type"), json_z(j, tally_kind_word(k));
	if (p->nlines > 0)
		json_key(j, "policy-string"), put_strings(j, p->lines, p->nlines);
	json_key(j, "policy-domain"), json_str(j, x->domain);
	if (k == TALLY_STS)
		json_key(j, "mx-host"), put_hosts(j, p);
	json_end_object(j);
	json_key(j, "summary"), json_begin_object(j);
	json_key(j, "total-successful-session-count"), json_num(j, (int64_t)p->good);
	json_key(j, "total-failure-session-count"), json_num(j, (int64_t)p->bad);
	json_end_object(j);
	if (p->failures != NULL) {
		json_key(j, "failure-details"), json_begin_array(j);
		for (const struct tally_failure *f = p->failures; f != NULL; f = f->next)
			put_failure(j, f);
		json_end_array(j);
	}
	json_end_object(j);
}

void report_json(const struct report_from *from, int64_t day, const struct tally_domain *x, struct buf *out)
{
	struct json j = json_to(out);
	BUF(id);

	put_id(from, day, x->domain, &id);
	json_begin_object(&j);
	json_key(&j, "organization-name"), json_str(&j, from->hostname);
	json_key(&j, "date-range"), json_begin_object(&j);
	json_key(&j, "start-datetime"), json_moment(&j, day * DAY);
	json_key(&j, "end-datetime"), json_moment(&j, (day + 1) * DAY - 1);
	json_end_object(&j);
	json_key(&j, "contact-info"), json_str(&j, from->contact);
	json_key(&j, "report-id"), json_str(&j, buf_str(&id));
	json_key(&j, "policies"), json_begin_array(&j);
	for (enum tally_kind k = 0; k < TALLY_KINDS; k++)
		if (x->of[k].good + x->of[k].bad > 0)
			put_policy(&j, x, k);
	json_end_array(&j);
	json_end_object(&j);
}

int report_pack(struct str text, struct buf *out)
{
	z_stream z = { 0 };
	size_t room;
	int rc;

	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -1;
	room = deflateBound(&z, (uLong)text.n);
	buf_need(out, room);
	z.next_in = (Bytef *)(uintptr_t)text.p;
	z.avail_in = (uInt)text.n;
	z.next_out = (Bytef *)out->p + out->n;
	z.avail_out = (uInt)room;
	rc = deflate(&z, Z_FINISH);
	out->n += z.total_out;
	deflateEnd(&z);
	return rc == Z_STREAM_END ? 0 : -1;
}

/* ---- the mail ---- */

void report_file_name(const struct report_from *from, int64_t day, struct str domain, struct buf *out)
{
	buf_fmt(out, "%.*s!%.*s!%lld!%lld.json.gz", STR_ARG(from->hostname), STR_ARG(domain), (long long)(day * DAY),
		(long long)((day + 1) * DAY - 1));
}

static void put_lines(struct str packed, struct buf *out)
{
	for (; packed.n > 0; packed = str_skip(packed, LINE)) {
		base64_encode(str_take(packed, LINE), out);
		buf_adds(out, "\r\n");
	}
}

static void put_head(const struct report_from *from, int64_t day, struct str domain, struct str rcpt, int64_t now_ms,
		     struct buf *out)
{
	buf_adds(out, "Date: ");
	stamp_put_rfc5322(out, now_ms / 1000, 0);
	buf_fmt(out, "\r\nFrom: <%.*s>\r\nTo: <%.*s>\r\n", STR_ARG(from->contact), STR_ARG(rcpt));
	buf_fmt(out, "Subject: Report Domain: %.*s\r\n Submitter: %.*s\r\n Report-ID: <", STR_ARG(domain),
		STR_ARG(from->hostname));
	put_id(from, day, domain, out);
	buf_adds(out, ">\r\nMessage-ID: <tls.");
	buf_fmt(out, "%lld.%lld.%.*s@%.*s>\r\n", (long long)day, (long long)now_ms, STR_ARG(domain),
		STR_ARG(from->hostname));
	buf_fmt(out, "TLS-Report-Domain: %.*s\r\nTLS-Report-Submitter: %.*s\r\nTLS-Required: No\r\n", STR_ARG(domain),
		STR_ARG(from->hostname));
	buf_adds(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
}

void report_mail(const struct report_from *from, int64_t day, struct str domain, struct str rcpt, struct str packed,
		 int64_t now_ms, struct buf *out)
{
	put_head(from, day, domain, rcpt, now_ms, out);
	buf_adds(out, "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"=_tls-report\"\r\n\r\n"
		      "--=_tls-report\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
		      "This is a report about the TLS of connections that this server made to the mail servers of\r\n");
	buf_fmt(out, "%.*s on ", STR_ARG(domain));
	put_moment(out, day * DAY);
	buf_adds(out, " and the 24 hours behind it (RFC 8460).\r\n\r\n"
		      "--=_tls-report\r\nContent-Type: application/tlsrpt+gzip\r\n"
		      "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n filename=\"");
	report_file_name(from, day, domain, out);
	buf_adds(out, "\"\r\n\r\n");
	put_lines(packed, out);
	buf_adds(out, "--=_tls-report--\r\n");
}

/* ---- where reports go ---- */

static bool is_uri_byte(char c)
{
	return ascii_isprint(c) && c != ' ' && c != '"' && c != '<' && c != '>' && c != '\\' && c != ';';
}

static bool uri_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_uri_byte(s.p[i]))
			return false;
	return s.n > 0 && s.n <= RUA_MAX;
}

size_t report_ruas(struct str record, struct str *out, size_t most)
{
	struct str field, rest, rua;
	size_t n = 0;

	if (!str_cut(record, STR(";"), &field, &rest) || !str_eqz(str_trim(field), "v=TLSRPTv1"))
		return 0;
	str_cut(rest, STR(";"), &field, &rest);
	field = str_trim(field);
	if (!str_starts(field, STR("rua=")))
		return 0;
	for (field = str_skip(field, 4); field.n > 0 && n < most;) {
		str_cut(field, STR(","), &rua, &field);
		rua = str_trim(rua);
		if (uri_ok(rua))
			out[n++] = rua;
	}
	return n;
}

struct str report_mailto(struct str rua)
{
	struct str address, rest;
	ptrdiff_t at;

	if (!str_istarts(rua, STR("mailto:")))
		return STR("");
	str_cut(str_skip(rua, 7), STR("?"), &address, &rest);
	at = str_rchr(address, '@');
	if (at < 1 || address.n > ADDRESS_MAX || str_chr(address, '%') >= 0 || str_chr(address, ',') >= 0 ||
	    !sts_domain_ok(str_skip(address, (size_t)at + 1)))
		return STR("");
	return address;
}

bool report_https(struct str rua, struct str *host, struct str *path)
{
	struct str rest = str_skip(rua, 8);
	ptrdiff_t slash = str_chr(rest, '/');

	if (!str_istarts(rua, STR("https://")))
		return false;
	*host = slash < 0 ? rest : str_take(rest, (size_t)slash);
	*path = slash < 0 ? STR("/") : str_skip(rest, (size_t)slash);
	return sts_domain_ok(*host);
}
