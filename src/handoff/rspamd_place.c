/* Apart from what asks it: who only checks the configuration needs no HTTP client. */
#include "handoff/rspamd.h"

int rspamd_service(struct service *s, struct str url, struct err *e)
{
	static const struct str http = STR_INIT("http://"), end = STR_INIT("/");
	struct str place = str_skip(url, http.n);
	BUF(spelled);

	if (!str_istarts(url, http)) {
		if (service_read(s, url, e) == 0)
			return 0;
		return str_find(url, STR("unix:")) == 0 || str_find(url, STR("inet")) == 0
			   ? -1
			   : err_set(e, "is no place of a service: it must be http://HOST:PORT or unix:/PATH");
	}
	if (str_ends(place, end))
		place.n--;
	buf_fmt(&spelled, "inet:%.*s", STR_ARG(place));
	/* no port: "HOST", "[V6]" */
	if (str_chr(place, ':') < 0 || str_ends(place, STR("]")))
		buf_adds(&spelled, ":11333");
	return service_read(s, buf_str(&spelled), e);
}
