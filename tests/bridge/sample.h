/* Records, options and chance for the tests of bridge/, made without a bridge around them. */
#ifndef TESTS_BRIDGE_SAMPLE_H
#define TESTS_BRIDGE_SAMPLE_H

#include "bridge/outcome.h"

#define SAMPLE_WALL_MS INT64_C(1700000000123)
#define SAMPLE_MONO_MS INT64_C(5000)

/* Root "jobs-bridge", prefix "$aws", the documented notify topic, no executions. */
struct outcome_options sample_options(void);

/* A QoS 1 arrival without MQTT 5 properties. */
struct arrival sample_arrival(const char *topic, const char *payload);

/* A waiting record of the job, from an operator, without an update. */
struct record *sample_record(const char *job);

/* A record as intake makes it; the command must be one that may be called. */
struct record *sample_taken(const struct outcome_options *options, const struct arrival *arrival);

/* Moves the record through a call to DECIDED and concludes it, 42 ms after it arrived. */
void sample_accept(struct record *record);
void sample_refuse(struct record *record, enum reject code, const char *field, const char *text);

/* Chance that gives the same share of each limit: 0 the lowest, 1 the highest value. */
struct port_chance sample_chance(double *share);

#endif
