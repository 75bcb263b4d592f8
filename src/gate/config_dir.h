/* gate/config_dir.h - config-dir: files of settings for some clients, senders and recipients (LOG-FORMATS 1.7, 1.9).
 *
 *	_ip_/192/0/2/7              an IPv4 address; _ip_/2001/0db8/... an IPv6 address in groups of four digits
 *	_rdns_/com/example/mail     a reverse name, its words turned round
 *	_sender_/com/example/_at_/user      and _recipient_/com/example/_at_/user
 * Whatever stands on the right may be missing: a file _recipient_/com/example is for all of example.com
 * and what is below it.  The four may stand in each other, in any order: _ip_/192/0/2/_recipient_/com/example.
 * Names are in lower case; in a user's every byte but a-z 0-9 @ _ - . is written as _.
 *
 * Of each kind the first file that is found counts, the longest path first, in the order _ip_, _rdns_,
 * _sender_, _recipient_ (of each, the user first); with config-dir-search = all-KIND all files of that
 * kind.  They count in the order in which they are found: of a single value the last one stands.
 *
 * telltaled reads the folders (config_dirs_pack); telltale-smtpd gets their bytes, opens nothing, and
 * finds a recipient's files by a few look-ups, however many there are.  A link, a device, a name that no
 * client can have, a file with a mistake in it: an error with its path, never a smaller configuration.
 * Names that begin with a dot are passed over.
 */
#ifndef GATE_CONFIG_DIR_H
#define GATE_CONFIG_DIR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/cur.h"
#include "base/map.h"

enum {
	CONFIG_FILES_MAX = 1000000,
	CONFIG_FILE_BYTES_MAX = 64 << 10,
	CONFIG_DEPTH_MAX = 64,  /* folders in folders */
	CONFIG_FOUND_MAX = 128, /* files that count for one recipient */
};

enum config_kind { CONFIG_IP, CONFIG_RDNS, CONFIG_SENDER, CONFIG_RECIPIENT, CONFIG_KINDS };

struct config_file {
	struct str path; /* whole, for messages; a NUL stands behind it */
	struct str text;
	size_t root; /* bytes of path that are the config-dir's own */
};

/* Is it only for some of that kind: does it stand below _ip_ ...?  A user of that name (behind _at_) is none. */
bool config_file_of(const struct config_file *f, enum config_kind kind);

struct config_dirs {
	struct map at; /* "N/_ip_/192": a struct config_file, or the mark of a folder */
	struct arena mem;
	size_t nfiles, ntrees;
	bool all[CONFIG_KINDS]; /* config-dir-search */
};

/* Called for each file: 0, or -1 with what is wrong with it. */
typedef int config_check(void *arg, const struct config_file *f, struct err *e);

/* The folders of set, read, and each file found right by check(), appended to out; at most `most` bytes. */
int config_dirs_pack(const struct conf_gate *set, size_t most, struct buf *out, config_check *check, void *arg,
		     struct err *e);
/* The same bytes, which must outlive d; false when they are others'. */
bool config_dirs_read(struct config_dirs *d, const struct conf_gate *set, struct cur *packed);
void config_dirs_clear(struct config_dirs *d);

/* Whose settings are looked for; what is not known is empty. */
struct config_who {
	struct str ip, rdns, sender, rcpt; /* lower case; local@domain */
};
/* The files that count, in order; how many. */
size_t config_dirs_find(const struct config_dirs *d, const struct config_who *who,
			const struct config_file *out[CONFIG_FOUND_MAX]);

/* ---- for the files of this folder ---- */

const char *config_mark(enum config_kind kind); /* "_ip_" */
#define CONFIG_AT "_at_"
/* A byte that a user's name has in a path as it is; all others are written as _. */
bool config_user_byte(char c);

#endif
