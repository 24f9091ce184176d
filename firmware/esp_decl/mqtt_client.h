#pragma once
#include "esp_event.h"
#include "esp_transport.h"

#ifndef CONFIG_MQTT_PROTOCOL_5
#error "the adapter speaks MQTT 5: CONFIG_MQTT_PROTOCOL_5=y is missing from sdkconfig.defaults"
#endif

typedef struct esp_mqtt_client* esp_mqtt_client_handle_t;
typedef struct esp_mqtt_client* esp_mqtt5_client_handle_t;
typedef struct mqtt5_user_property_list_t* mqtt5_user_property_handle_t;
typedef int esp_mqtt5_reason_code_t;

typedef enum esp_mqtt_event_id_t {
    MQTT_EVENT_ANY = -1,
    MQTT_EVENT_ERROR = 0,
    MQTT_EVENT_CONNECTED,
    MQTT_EVENT_DISCONNECTED,
    MQTT_EVENT_SUBSCRIBED,
    MQTT_EVENT_UNSUBSCRIBED,
    MQTT_EVENT_PUBLISHED,
    MQTT_EVENT_DATA,
    MQTT_EVENT_BEFORE_CONNECT,
    MQTT_EVENT_DELETED,
    MQTT_USER_EVENT,
} esp_mqtt_event_id_t;

typedef enum esp_mqtt_protocol_ver_t {
    MQTT_PROTOCOL_UNDEFINED = 0,
    MQTT_PROTOCOL_V_3_1,
    MQTT_PROTOCOL_V_3_1_1,
    MQTT_PROTOCOL_V_5,
} esp_mqtt_protocol_ver_t;

typedef enum esp_mqtt_transport_t { MQTT_TRANSPORT_UNKNOWN, MQTT_TRANSPORT_OVER_TCP, MQTT_TRANSPORT_OVER_SSL } esp_mqtt_transport_t;

typedef struct {
    bool payload_format_indicator;
    char* response_topic;
    int response_topic_len;
    char* correlation_data;
    uint16_t correlation_data_len;
} esp_mqtt5_event_property_t;

typedef struct esp_mqtt_event_t {
    esp_mqtt_event_id_t event_id;
    esp_mqtt_client_handle_t client;
    char* data;
    int data_len;
    int total_data_len;
    int current_data_offset;
    char* topic;
    int topic_len;
    int msg_id;
    int session_present;
    bool retain;
    int qos;
    bool dup;
    esp_mqtt5_reason_code_t reason_code;
    esp_mqtt5_event_property_t* property;
} esp_mqtt_event_t;
typedef esp_mqtt_event_t* esp_mqtt_event_handle_t;

typedef struct esp_mqtt_client_config_t {
    struct broker_t {
        struct address_t {
            const char* uri;
            const char* hostname;
            esp_mqtt_transport_t transport;
            const char* path;
            uint32_t port;
        } address;
        struct verification_t {
            bool use_global_ca_store;
            const char* certificate;
            size_t certificate_len;
            bool skip_cert_common_name_check;
            const char* common_name;
        } verification;
    } broker;
    struct credentials_t {
        const char* username;
        const char* client_id;
        struct authentication_t {
            const char* password;
            const char* certificate;
            size_t certificate_len;
            const char* key;
            size_t key_len;
        } authentication;
    } credentials;
    struct session_t {
        struct last_will_t {
            const char* topic;
            const char* msg;
            int msg_len;
            int qos;
            int retain;
        } last_will;
        bool disable_clean_session;
        int keepalive;
        esp_mqtt_protocol_ver_t protocol_ver;
        int message_retransmit_timeout;
    } session;
    struct network_t {
        int timeout_ms;
        bool disable_auto_reconnect;
    } network;
    struct task_t {
        int priority;
        int stack_size;
    } task;
    struct buffer_t {
        int size;
        int out_size;
    } buffer;
    struct outbox_config_t {
        uint64_t limit;
    } outbox;
} esp_mqtt_client_config_t;

typedef struct {
    uint32_t session_expiry_interval;
    uint32_t maximum_packet_size;
    uint16_t receive_maximum;
    uint16_t topic_alias_maximum;
    bool request_resp_info;
    bool request_problem_info;
    mqtt5_user_property_handle_t user_property;
    uint32_t will_delay_interval;
    uint32_t message_expiry_interval;
    bool payload_format_indicator;
    const char* content_type;
    const char* response_topic;
    const char* correlation_data;
    uint16_t correlation_data_len;
    mqtt5_user_property_handle_t will_user_property;
} esp_mqtt5_connection_property_config_t;

typedef struct {
    bool payload_format_indicator;
    uint32_t message_expiry_interval;
    uint16_t topic_alias;
    const char* response_topic;
    const char* correlation_data;
    uint16_t correlation_data_len;
    const char* content_type;
    mqtt5_user_property_handle_t user_property;
} esp_mqtt5_publish_property_config_t;

typedef struct {
    uint16_t subscribe_id;
    bool no_local_flag;
    bool retain_as_published_flag;
    uint8_t retain_handle;
} esp_mqtt5_subscribe_property_config_t;

typedef struct {
    uint32_t session_expiry_interval;
    uint8_t disconnect_reason;
    mqtt5_user_property_handle_t user_property;
} esp_mqtt5_disconnect_property_config_t;

#ifdef __cplusplus
extern "C" {
#endif
esp_mqtt_client_handle_t esp_mqtt_client_init(const esp_mqtt_client_config_t* config);
esp_err_t esp_mqtt_client_register_event(esp_mqtt_client_handle_t client, esp_mqtt_event_id_t event,
                                         esp_event_handler_t handler, void* arg);
esp_err_t esp_mqtt_client_start(esp_mqtt_client_handle_t client);
esp_err_t esp_mqtt_client_destroy(esp_mqtt_client_handle_t client);
int esp_mqtt_client_subscribe_single(esp_mqtt_client_handle_t client, const char* topic, int qos);
int esp_mqtt_client_publish(esp_mqtt_client_handle_t client, const char* topic, const char* data, int len, int qos,
                            int retain);
esp_transport_handle_t esp_mqtt_client_get_transport(esp_mqtt_client_handle_t client, char* transport_scheme);
esp_err_t esp_mqtt5_client_set_connect_property(esp_mqtt5_client_handle_t client,
                                                const esp_mqtt5_connection_property_config_t* property);
esp_err_t esp_mqtt5_client_set_publish_property(esp_mqtt5_client_handle_t client,
                                                const esp_mqtt5_publish_property_config_t* property);
esp_err_t esp_mqtt5_client_set_disconnect_property(esp_mqtt5_client_handle_t client,
                                                   const esp_mqtt5_disconnect_property_config_t* property);
esp_err_t esp_mqtt5_client_set_subscribe_property(esp_mqtt5_client_handle_t client,
                                                  const esp_mqtt5_subscribe_property_config_t* property);
#ifdef __cplusplus
}
#endif
