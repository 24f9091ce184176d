// The SDK functions the adapter calls, as small simulations with real threads and queues: the adapter's own logic runs
// on the host, with sanitizers. Each test begins with reset().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "mqtt_client.h"

namespace fake {

void reset();

// NVS: partition/namespace/key to bytes. `init_code` is what the next initialisation of a partition answers.
extern std::map<std::string, std::vector<std::uint8_t>> nvs;
extern std::map<std::string, int> nvs_init_code;
extern std::vector<std::string> nvs_erased_partitions;

// Flash partitions by label, as NOR memory: a write can only clear bits.
extern std::map<std::string, std::vector<std::uint8_t>> flash;
extern bool flash_fails;
std::size_t erases(const std::string& label);

extern std::string boot_partition;
extern bool pending_verify;
extern bool image_accepted;

// A broker in a box: what the client was configured with, and a hand to send it events.
struct MqttClient {
    std::string host, user, password, will_topic, will;
    std::uint32_t port = 0;
    bool tls13 = false;
    bool started = false;
    std::uint16_t receive_maximum = 0;
    int disconnect_reason = 0;
    std::vector<std::string> published;  // "topic|payload|qos|retain|correlation"
    std::vector<std::string> subscribed;
};
std::size_t client_count();  // each init() adds one; destroyed ones stay to be looked at
MqttClient client();         // a copy of the newest
extern std::atomic<int> live_clients;
extern std::atomic<bool> publish_fails;
extern std::atomic<bool> acknowledge_at_once;  // before publish() returns, as a fast network does
void mqtt_event(esp_mqtt_event_id_t id, int message = 0, int reason = 0);
void mqtt_data(const std::string& topic, const std::string& payload, std::size_t part, bool retain,
               const std::string& correlation = {});

// The next download: status, body, and after how many bytes the connection breaks (0: never).
extern int http_status;
extern std::string http_body;
extern std::size_t http_break_after;
extern std::string http_range;
extern bool http_tls13;
void http_serve(const std::string& body);  // while an earlier download may still run

// Waits until `done` or a second has passed.
bool eventually(const std::function<bool()>& done);

}  // namespace fake
