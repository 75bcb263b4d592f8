/* cli/route_way.h - the way of a mail that leaves: by which row of the configuration, why, and to which hosts. */
#ifndef CLI_ROUTE_WAY_H
#define CLI_ROUTE_WAY_H

#include "base/json.h"
#include "deliver/remote_try.h"

/* A sender that no row names. */
#define ROUTE_ANYBODY STR("anybody")

struct route_way {
	const struct conf *conf;
	struct way way;
	struct str words;   /* "by route "box" (telltale.conf:12), to the smart host box.example, ..." */
	struct route route; /* its hosts; none when nothing leaves */
};

/* Memory from mem.  dns may be NULL: then no hosts are looked for. */
void route_way_find(struct route_way *w, const struct conf *c, struct str sender, struct str rcpt,
		    struct ipc_client *dns, struct arena *mem);
void route_way_print(const struct route_way *w);
void route_way_json(const struct route_way *w, struct json *j);

#endif
