#include "mqtt/dial.h"

#include "base/now.h"
#include "mqtt/password.h"
#include "mqtt/reason_code.h"
#include "mqtt/secure.h"

#include <stdio.h>
#include <string.h>

/* How long the broker keeps our subscriptions and what arrives for them. Paho 1.3.12 garbles
 * values with the highest bit set. */
#define SESSION_EXPIRY_S (7 * 24 * 3600)

/* Above our own window, which alone decides: Paho blocks when its own is full. */
#define PAHO_WINDOW (LIMITS_PUBLISH_WINDOW + 1)

struct dial {
    struct link *link;
    struct password password;
    MQTTProperties properties;
    MQTTClient_willOptions will;
    MQTTClient_SSLOptions ssl;
    MQTTClient_connectOptions connect;
};

static bool is_v5(const struct link *link)
{
    return link->setup->options.version == 5;
}

static enum err create_handle(struct link *link, struct why *why)
{
    const struct broker_url *url = &link->setup->url;
    char uri[BROKER_URL_HOST_MAX + 32];
    snprintf(uri, sizeof uri, "%s://%s:%d", url->is_tls ? "mqtts" : "mqtt", url->host, url->port);
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.MQTTVersion = is_v5(link) ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    int rc = MQTTClient_createWithOptions(&link->handle, uri, link->setup->options.client_id,
                                          MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
    if (rc == MQTTCLIENT_SUCCESS)
        return ERR_NONE;
    return why_set(why, ERR_NO_MEMORY, NULL, "the MQTT library gave no handle (%d)", rc);
}

static int add_number(MQTTProperties *properties, enum MQTTPropertyCodes code, unsigned value)
{
    MQTTProperty property = {.identifier = code};
    if (MQTTProperty_getType(code) == MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER)
        property.value.integer2 = (unsigned short)value;
    else
        property.value.integer4 = value;
    return MQTTProperties_add(properties, &property);
}

static enum err add_properties(struct dial *dial, struct why *why)
{
    MQTTProperties *properties = &dial->properties;
    int rc = add_number(properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, LIMITS_RECEIVE_MAXIMUM);
    if (rc == 0)
        rc = add_number(properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, LIMITS_PACKET_BYTES);
    if (rc == 0 && !dial->link->setup->options.has_clean_session)
        rc = add_number(properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, SESSION_EXPIRY_S);
    if (rc != 0)
        return why_set(why, ERR_NO_MEMORY, NULL, "out of memory");
    return ERR_NONE;
}

static void set_will(struct dial *dial)
{
    const struct mqtt_options *options = &dial->link->setup->options;
    if (options->status_topic == NULL)
        return;
    dial->will.topicName = options->status_topic;
    dial->will.message = options->status_offline;
    dial->will.qos = 1;
    dial->will.retained = 1;
    dial->connect.will = &dial->will;
}

static void set_tls(struct dial *dial)
{
    const struct tls_files *files = &dial->link->setup->files;
    if (!dial->link->setup->url.is_tls)
        return;
    dial->ssl.trustStore = tls_files_path(files, TLS_FILE_CA);
    dial->ssl.keyStore = tls_files_path(files, TLS_FILE_CERT);
    dial->ssl.privateKey = tls_files_path(files, TLS_FILE_KEY);
    dial->ssl.enabledCipherSuites = SECURE_CIPHERS;
    dial->ssl.enableServerCertAuth = 1;
    dial->ssl.sslVersion = MQTT_SSL_VERSION_TLS_1_2;
    dial->ssl.verify = 1;
    dial->connect.ssl = &dial->ssl;
}

static enum err set_login(struct dial *dial, struct why *why)
{
    const struct mqtt_options *options = &dial->link->setup->options;
    dial->connect.username = options->username;
    if (options->password_file == NULL)
        return ERR_NONE;
    enum err err = password_read(&dial->password, options->password_file, why);
    dial->connect.binarypwd.data = dial->password.bytes;
    dial->connect.binarypwd.len = (int)dial->password.n;
    return err;
}

static enum err dial_init(struct dial *dial, struct link *link, struct why *why)
{
    const struct mqtt_options *options = &link->setup->options;
    MQTTClient_connectOptions v5 = MQTTClient_connectOptions_initializer5;
    MQTTClient_connectOptions v3 = MQTTClient_connectOptions_initializer;
    *dial = (struct dial){
        .link = link,
        .properties = MQTTProperties_initializer,
        .will = MQTTClient_willOptions_initializer,
        .ssl = MQTTClient_SSLOptions_initializer,
        .connect = is_v5(link) ? v5 : v3,
    };
    dial->connect.MQTTVersion = is_v5(link) ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    dial->connect.cleanstart = is_v5(link) && options->has_clean_session;
    dial->connect.cleansession = !is_v5(link) && options->has_clean_session;
    dial->connect.keepAliveInterval = link->keep_alive_s;
    dial->connect.connectTimeout = (int)(options->exchange_ms / 1000) + 1; /* the gate's is first */
    dial->connect.reliable = 0;
    dial->connect.maxInflightMessages = PAHO_WINDOW;
    set_will(dial);
    set_tls(dial);
    enum err err = set_login(dial, why);
    if (err == ERR_NONE && is_v5(link))
        err = add_properties(dial, why);
    return err;
}

static void dial_fini(struct dial *dial)
{
    password_wipe(&dial->password);
    MQTTProperties_free(&dial->properties);
}

static enum err refused(int code, struct why *why)
{
    return why_set(why, ERR_REFUSED, NULL, "the broker refused the connection: %s",
                   reason_code_connack(code));
}

/* The number, or otherwise when the broker did not say. */
static unsigned number_of(MQTTProperties *properties, enum MQTTPropertyCodes code,
                          unsigned otherwise)
{
    if (properties == NULL || !MQTTProperties_hasProperty(properties, code))
        return otherwise;
    return (unsigned)MQTTProperties_getNumericValue(properties, code);
}

static enum err take_terms(struct link *link, MQTTProperties *properties, struct why *why)
{
    unsigned window =
        number_of(properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, LIMITS_PUBLISH_WINDOW);
    unsigned packet_max =
        number_of(properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, LIMITS_PACKET_BYTES);
    unsigned keep_alive_s = number_of(properties, MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE, 0);
    receipts_clear(&link->receipts, window);
    link->packet_max = packet_max < LIMITS_PACKET_BYTES ? packet_max : LIMITS_PACKET_BYTES;
    if (keep_alive_s == 0 || keep_alive_s >= (unsigned)link->keep_alive_s)
        return ERR_NONE;
    /* Paho 1.3.12 does not heed it, so the next connection asks for it in the first place. */
    link->keep_alive_s = (int)keep_alive_s;
    return why_set(why, ERR_DOWN, NULL, "the broker wants a keep alive of %u s: connecting with it",
                   keep_alive_s);
}

static enum err connect_v5(struct dial *dial, struct why *why)
{
    struct link *link = dial->link;
    MQTTResponse response =
        MQTTClient_connect5(link->handle, &dial->connect, &dial->properties, NULL);
    int code = (int)response.reasonCode;
    enum err err;
    if (code == 0)
        err = take_terms(link, response.properties, why);
    else
        err = code > 0 ? refused(code, why) : link_why_lost(link, why);
    MQTTResponse_free(response);
    return err;
}

static enum err connect_v3(struct dial *dial, struct why *why)
{
    struct link *link = dial->link;
    int code = MQTTClient_connect(link->handle, &dial->connect);
    if (code == 0)
        return take_terms(link, NULL, why);
    return code > 0 ? refused(code, why) : link_why_lost(link, why);
}

static enum err connect_it(struct link *link, struct why *why)
{
    struct dial dial;
    enum err err = dial_init(&dial, link, why);
    if (err == ERR_NONE)
        err = is_v5(link) ? connect_v5(&dial, why) : connect_v3(&dial, why);
    dial_fini(&dial);
    if (err == ERR_NONE && !link->gate.has_sent_connect)
        return why_set(why, ERR_INVALID, NULL,
                       "broken build: the MQTT library's writes do not pass the gate that holds "
                       "acknowledgements (static library and --wrap needed)");
    return err;
}

enum err dial(struct link *link, int connected_fd, struct why *why)
{
    link_close(link);
    link->generation++;
    link->qos1_arrivals = 0;
    link->granted = link->dropped = 0;
    gate_open(&link->gate, &link->setup->url, now_mono_ms() + link->setup->options.exchange_ms,
              connected_fd);
    link_enter(link);
    enum err err = create_handle(link, why);
    if (err == ERR_NONE)
        err = connect_it(link, why);
    link_leave();
    gate_run(&link->gate);
    if (err != ERR_NONE)
        link_close(link);
    return err;
}
