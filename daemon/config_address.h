/* The addresses that a configuration can name. Each check gives ERR_INVALID with the problem in
 * why->text, which never repeats a user name or a password. */
#ifndef DAEMON_CONFIG_ADDRESS_H
#define DAEMON_CONFIG_ADDRESS_H

#include "base/str.h"
#include "base/why.h"

nodiscard enum err config_address_check_broker(struct str url, struct why *why);
nodiscard enum err config_address_check_endpoint(struct str endpoint, struct why *why);
nodiscard enum err config_address_check_provider(struct str endpoint, struct why *why);

/* Whether two brokers that have been checked are one as far as their names tell: a host may have
 * more of them. All names of this machine are one. */
bool config_address_is_same_broker(const char *a, const char *b);

/* A numeric address and a port, which may be 0; the second also asks for a loopback address. */
nodiscard enum err config_address_check_listen(struct str listen, struct why *why);
nodiscard enum err config_address_check_loopback(struct str listen, struct why *why);

/* Whether only this machine reaches an address that has been checked. */
bool config_address_is_loopback(struct str listen);

#endif
