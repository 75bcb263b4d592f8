/* deliver/remote_settings.h - relay { } of the configuration, as telltale-remote works with it. */
#ifndef DELIVER_REMOTE_SETTINGS_H
#define DELIVER_REMOTE_SETTINGS_H

#include "base/sandbox.h"
#include "deliver/remote_try.h"

/* Is it whole?  -1: "FILE: relay { ... }: what is wrong".  No file is opened. */
int remote_settings_check(const struct conf *c, struct err *e);
/* All that can be read only before the sandbox: authorities, the password, our own addresses.  Memory is c's. */
int remote_settings_read(struct conf *c, struct remote_world *out, struct err *e);
/* One way as far as it can be known without opening a file; without our own addresses. */
void remote_settings_way(const struct conf *c, unsigned number, struct remote_way *out);
/* The ports that are connected to: of relay { } and of the routes, each once. */
size_t remote_settings_ports(const struct conf *c, uint16_t ports[SANDBOX_PORTS]);
/* Is a source address named anywhere? */
bool remote_settings_bound(const struct conf *c);

#endif
