/*
 * Stands in the place of the C library's resolver, in tests that call it: host names mean what they
 * say and take as long as they say. Addresses in the place of names are left to the library. May be
 * called while lookups are under way.
 */
#ifndef TESTS_MQTT_RESOLVER_H
#define TESTS_MQTT_RESOLVER_H

#define RESOLVER_MAX 12

/* Any name has these addresses, in this order, after delay_ms; the list ends in NULL, and must live
 * on. An empty one: there is no such name. NULL: the library answers. */
void resolver_means(const char *const *addresses, int delay_ms);

int resolver_count(void); /* lookups of names since the last resolver_means */

#endif
