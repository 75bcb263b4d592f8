/* deliver/remote_sign.h - what this server writes itself (bounces, notices, automatic answers, reports) is signed as it
 * leaves for others (DKIM, RFC 6376), with the key of the domain in its From, or of one above that.
 *
 * telltale-queue waits for nobody, so it is done here, for each try, by telltale-signer.  Whatever goes wrong,
 * the message is as it was: it goes unsigned, as does one of more than 1 MiB.
 */
#ifndef DELIVER_REMOTE_SIGN_H
#define DELIVER_REMOTE_SIGN_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/ipc.h"
#include "wire/client.h"

/* Its descriptor, offset and size become those of the signed one. */
void remote_sign(struct ipc_client *signer, const struct conf *conf, struct client_message *m, struct arena *a);

#endif
