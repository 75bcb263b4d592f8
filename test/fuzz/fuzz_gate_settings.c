/* Settings of one recipient: what is taken makes a policy, whose lists can be asked; a refusal names its line; and the
 * policy beneath stays as it was. */
#include <string.h>
#include "gate/rules.h"
#include "gate/settings.h"

static struct conf conf;
static struct rules rules;
static struct policy base;

static void open_base(void)
{
	static const char text[] = "gate { ip-blacklist-entry = { \"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\" }\n"
				   "reject-sender = { no-mx } rdns-whitelist-entry = \".example.com\" }\n";
	struct buf packed = BUF_INIT;

	MUST(conf_parse(&conf, str_of(text), "t.conf", NULL) == 0 && rules_pack(&conf, &packed, NULL) == 0 &&
	     rules_read(&conf, &packed, &rules, NULL) == 0);
	base = (struct policy){ .on = true, .set = conf.gate, .lists = rules.lists };
}

static void ask(const struct policy *p)
{
	struct hit h;

	if (policy_lists(p, ip_blacklist, STR("192.0.2.1"), &h))
		MUST(h.entry.n > 0);
	if (policy_lists(p, rdns_whitelist, STR("mail.example.com"), &h))
		MUST(h.entry.n > 0);
	for (size_t i = 0; i < p->set.reject_sender.n; i++)
		MUST(p->set.reject_sender.at[i].n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings s[2] = { { .name = "f", .names_files = true }, settings_of_accounts(str_of(NULL)) };
	struct policy p;
	struct err e;
	struct hit h;
	ARENA(a);

	if (conf.file.n == 0)
		open_base();
	str_cut(str_mem(data, size), STR("\n\n\n"), &s[0].text, &s[1].text);
	if (policy_over(&base, s, 2, &rules.files, &a, &p, &e) == 0) {
		ask(&p);
		policy_clear(&p, &base);
	} else {
		MUST(strncmp(e.text, "f:", 2) == 0 || strncmp(e.text, "accounts:", 9) == 0);
	}
	MUST(base.set.ip_blacklist_entry.n == 3 && str_eqz(base.set.ip_blacklist_entry.at[2], "192.0.2.3"));
	MUST(policy_lists(&base, ip_blacklist, STR("192.0.2.3"), &h) && base.set.reject_sender.n == 1);
	return 0;
}
