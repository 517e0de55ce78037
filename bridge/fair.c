#include "bridge/fair.h"

#include <stdlib.h>

#define ONE_CALL 100 /* in percent */

struct party {
    struct map_node by_thing;
    struct list_node ring_node;
    struct list claims; /* queued ones; the first has the party's next turn */
    size_t claims_made; /* queued or not */
    size_t waiting;     /* records */
    char thing[];
};

struct claim_key {
    const struct party *party;
    const struct lane *lane;
};

struct claim {
    struct map_node by_both;
    struct claim_key key;
    struct party *party;
    struct lane *lane;
    struct list_node node; /* in the party's list or in the lane's */
    size_t records;        /* undecided */
    size_t waiting;        /* of them, not in a call */
};

void fair_init(struct fair *fair, unsigned reserve_percent)
{
    *fair = (struct fair){.reserve_percent = reserve_percent};
    map_init(&fair->parties);
    map_init(&fair->claims);
    list_init(&fair->ring);
}

static void free_party(void *context, struct map_node *node)
{
    (void)context;
    free(map_entry(node, struct party, by_thing));
}

static void free_claim(void *context, struct map_node *node)
{
    (void)context;
    free(map_entry(node, struct claim, by_both));
}

void fair_fini(struct fair *fair)
{
    map_each(&fair->claims, free_claim, NULL);
    map_each(&fair->parties, free_party, NULL);
    map_fini(&fair->claims);
    map_fini(&fair->parties);
}

static struct str key_of(struct str thing)
{
    return str_is_absent(thing) ? STR("") : thing;
}

static struct party *find_party(const struct fair *fair, struct str thing)
{
    struct map_node *node = map_find(&fair->parties, key_of(thing));
    return node == NULL ? NULL : map_entry(node, struct party, by_thing);
}

static struct party *party_of(struct fair *fair, struct str thing)
{
    struct party *party = find_party(fair, thing);
    if (party != NULL)
        return party;
    party = calloc(1, sizeof(struct party) + thing.n);
    if (party == NULL)
        return NULL;
    if (thing.n > 0)
        memcpy(party->thing, thing.p, thing.n);
    party->by_thing.key = (struct str){party->thing, thing.n};
    list_init(&party->claims);
    if (map_insert(&fair->parties, &party->by_thing) != ERR_NONE) {
        free(party);
        return NULL;
    }
    if (thing.n == 0)
        fair->operators = party;
    return party;
}

static void drop_if_idle(struct fair *fair, struct party *party)
{
    if (party->claims_made > 0)
        return;
    if (fair->operators == party)
        fair->operators = NULL;
    map_remove(&fair->parties, &party->by_thing);
    free(party);
}

static struct claim *claim_of(struct fair *fair, struct party *party, struct lane *lane)
{
    struct claim_key key = {party, lane};
    struct map_node *node = map_find(&fair->claims, (struct str){(const char *)&key, sizeof key});
    if (node != NULL)
        return map_entry(node, struct claim, by_both);
    struct claim *claim = calloc(1, sizeof *claim);
    if (claim == NULL)
        return NULL;
    *claim = (struct claim){.key = key, .party = party, .lane = lane};
    claim->by_both.key = (struct str){(const char *)&claim->key, sizeof claim->key};
    if (map_insert(&fair->claims, &claim->by_both) != ERR_NONE) {
        free(claim);
        return NULL;
    }
    party->claims_made++;
    return claim;
}

enum err fair_enter(struct fair *fair, struct record *record)
{
    struct party *party = party_of(fair, record->thing);
    if (party == NULL)
        return ERR_NO_MEMORY;
    struct claim *claim = claim_of(fair, party, record->lane);
    if (claim == NULL) {
        drop_if_idle(fair, party);
        return ERR_NO_MEMORY;
    }
    record->claim = claim;
    claim->records++;
    fair_begin_wait(fair, record);
    return ERR_NONE;
}

void fair_begin_wait(struct fair *fair, struct record *record)
{
    struct claim *claim = record->claim;
    struct party *party = claim->party;
    party->waiting++;
    if (claim->waiting++ > 0)
        return;
    list_push_back(&party->claims, &claim->node);
    if (!list_has_node(&party->ring_node))
        list_push_back(&fair->ring, &party->ring_node);
}

void fair_end_wait(struct fair *fair, struct record *record)
{
    struct claim *claim = record->claim;
    struct party *party = claim->party;
    party->waiting--;
    if (--claim->waiting > 0)
        return;
    list_remove(&claim->node);
    if (list_is_empty(&party->claims) && list_has_node(&party->ring_node))
        list_remove(&party->ring_node);
    if (lane_is(claim->lane, RECORD_WAITING))
        fair_ready(fair, claim->lane);
}

void fair_leave(struct fair *fair, struct record *record)
{
    struct claim *claim = record->claim;
    record->claim = NULL;
    if (--claim->records > 0)
        return;
    map_remove(&fair->claims, &claim->by_both);
    claim->party->claims_made--;
    drop_if_idle(fair, claim->party);
    free(claim);
}

/* A party that is in the ring has used its turn for another lane meanwhile, and is owed none. */
void fair_ready(struct fair *fair, struct lane *lane)
{
    struct list_node *node;
    while ((node = list_first(&lane->owed)) != NULL) {
        struct party *party = list_entry(node, struct claim, node)->party;
        list_remove(node);
        list_push_front(&party->claims, node);
        if (!list_has_node(&party->ring_node)) {
            list_push_front(&fair->ring, &party->ring_node);
            return;
        }
    }
}

/* The party's next claim to a lane that is ready; those before it are owed. */
static struct claim *next_claim(struct party *party)
{
    struct list_node *node;
    while ((node = list_first(&party->claims)) != NULL) {
        struct claim *claim = list_entry(node, struct claim, node);
        if (lane_is(claim->lane, RECORD_WAITING))
            return claim;
        list_remove(node);
        list_push_back(&claim->lane->owed, node);
    }
    return NULL;
}

static void pay(struct fair *fair, const struct party *party)
{
    if (party == fair->operators)
        fair->credit = fair->credit > ONE_CALL ? fair->credit - ONE_CALL : 0;
    fair->credit += fair->reserve_percent;
    if (fair->credit > ONE_CALL)
        fair->credit = ONE_CALL;
}

struct lane *fair_turn(struct fair *fair)
{
    struct party *operators = fair->operators;
    if (fair->credit >= ONE_CALL && operators != NULL && list_has_node(&operators->ring_node)) {
        list_remove(&operators->ring_node);
        list_push_front(&fair->ring, &operators->ring_node);
    }
    struct list_node *next;
    for (struct list_node *node = list_first(&fair->ring); node != NULL; node = next) {
        next = list_after(&fair->ring, node);
        struct party *party = list_entry(node, struct party, ring_node);
        struct claim *claim = next_claim(party);
        list_remove(node);
        if (claim == NULL)
            continue;
        list_push_back(&fair->ring, node);
        list_remove(&claim->node);
        list_push_back(&party->claims, &claim->node);
        pay(fair, party);
        return claim->lane;
    }
    return NULL;
}

size_t fair_waiting(const struct fair *fair, struct str thing)
{
    const struct party *party = find_party(fair, thing);
    return party == NULL ? 0 : party->waiting;
}
