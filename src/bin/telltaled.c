/* telltaled - the supervisor: binds the sockets, starts the programs, starts them again, stops them.
 *
 * Usage: telltaled [-c FILE].  Runs in the foreground; `telltale serve` is the friendly way in.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "cli/house.h"
#include "supervise/supervise.h"

int main(int argc, char **argv)
{
	const char *file = conf_find(argc == 3 && strcmp(argv[1], "-c") == 0 ? argv[2] : NULL);
	struct err e = { 0 };
	struct conf c;

	if (argc != 1 && argc != 3) {
		fprintf(stderr, "usage: telltaled [-c FILE]\n");
		return EX_USAGE;
	}
	umask(077);
	if (conf_load(&c, file, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return EX_CONFIG;
	}
	if (supervise(&c, &house, &e) < 0) {
		fprintf(stderr, "telltaled: %s\n", e.text);
		return 1;
	}
	conf_clear(&c);
	return 0;
}
