/* config-dir as telltaled hands it over, and whose files count.  Lines: the address, the reverse name, the sender, the
 * recipient; then paths, one a line.  What is found is one of them; bytes that are no such tree do no harm. */
#include "gate/config_dir.h"
#include "gate/packed.h"

static void must_be_one(struct str paths, const struct config_file *f)
{
	struct str path;

	if (str_chr(paths, '\0') >= 0) /* no folder has such a name */
		return;
	MUST(str_starts(f->path, STR("/c")) && str_eqz(f->text, "x"));
	while (paths.n > 0) {
		str_cut(paths, STR("\n"), &path, &paths);
		if (str_ends(f->path, path))
			return;
	}
	BUG("%.*s is none of the paths", STR_ARG(f->path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str root = STR_INIT("/c"), all[] = { STR_INIT("all-ip"), STR_INIT("all-sender") };
	bool every = size > 0 && (data[0] & 1);
	struct conf_gate set = { .config_dir = { .at = &root, .n = 1 },
				 .config_dir_search = { .at = all, .n = every ? 2 : 0 } };
	const struct config_file *found[CONFIG_FOUND_MAX];
	struct str rest = str_mem(data, size), paths, path;
	struct config_who who;
	struct config_dirs d;
	struct cur cur;
	size_t n;
	BUF(packed);

	str_cut(rest, STR("\n"), &who.ip, &rest);
	str_cut(rest, STR("\n"), &who.rdns, &rest);
	str_cut(rest, STR("\n"), &who.sender, &rest);
	str_cut(rest, STR("\n"), &who.rcpt, &paths);
	for (rest = paths; rest.n > 0;) {
		BUF(whole);

		str_cut(rest, STR("\n"), &path, &rest);
		buf_fmt(&whole, "0/%.*s", STR_ARG(path));
		packed_str(&packed, buf_str(&whole));
		packed_str(&packed, STR("x"));
	}
	packed_str(&packed, str_of(NULL));
	cur = cur_of(buf_str(&packed));
	MUST(config_dirs_read(&d, &set, &cur) && cur_end(&cur));
	n = config_dirs_find(&d, &who, found);
	MUST(n <= CONFIG_FOUND_MAX && (every || n <= CONFIG_KINDS));
	for (size_t i = 0; i < n; i++)
		must_be_one(paths, found[i]);
	config_dirs_clear(&d);
	/* Any bytes at all. */
	cur = cur_of(str_mem(data, size));
	(void)config_dirs_read(&d, &set, &cur);
	(void)config_dirs_find(&d, &who, found);
	config_dirs_clear(&d);
	return 0;
}
