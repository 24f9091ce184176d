// The MQTT port on libmosquitto: MQTT 5 over TLS 1.3 only, persistent session, one fresh client object a connection,
// so that nothing unacknowledged lives on in the library (the core sends it again).
#pragma once

#include <mosquitto.h>

#include <atomic>
#include <string>
#include <thread>

#include "ports.hpp"

namespace egiz::host {

struct MqttAccount {
    std::string host;
    std::uint16_t port = 8883;
    std::string ca_file;
    std::string username;   // also the client id
    std::string password;   // empty with a client certificate
    std::string cert_file;
    std::string key_file;
};

class MqttSession final : public MqttTransport {
  public:
    explicit MqttSession(MqttAccount account) : account_(std::move(account)) {}
    ~MqttSession();
    MqttSession(const MqttSession&) = delete;
    MqttSession& operator=(const MqttSession&) = delete;

    void deliver_to(MqttEvents* events) { events_ = events; }

    Status connect(const ConnectRequest& request) override;
    void disconnect(bool clean) override;
    Status subscribe(std::string_view topic, std::uint8_t qos) override;
    Result<std::uint32_t> publish(const PublishRequest& request) override;

    // For the loop: the socket to wait on (-1: none), whether it wants to write, and what to do when it is ready.
    [[nodiscard]] int socket() const;
    [[nodiscard]] bool wants_write() const;
    void on_ready(bool readable, bool writable);
    // Keep-alive, and the outcome of a connection attempt; call about every 100 ms.
    void step(std::uint64_t now_ms);

  private:
    bool prepare(const ConnectRequest& request);
    bool secure();
    void release();
    void lost();
    void check(int code);
    static MqttSession& self(void* context) { return *static_cast<MqttSession*>(context); }
    static void on_connect(mosquitto*, void*, int, int, const mosquitto_property*);
    static void on_disconnect(mosquitto*, void*, int, const mosquitto_property*);
    static void on_publish(mosquitto*, void*, int, int, const mosquitto_property*);
    static void on_subscribe(mosquitto*, void*, int, int, const int*, const mosquitto_property*);
    static void on_message(mosquitto*, void*, const mosquitto_message*, const mosquitto_property*);

    MqttAccount account_;
    MqttEvents* events_ = nullptr;
    mosquitto* client_ = nullptr;
    std::thread connector_;
    std::atomic<bool> connecting_{false};
    std::atomic<int> connect_result_{MOSQ_ERR_SUCCESS};
    bool attempt_running_ = false;  // connector_ was started and its result not looked at
    bool wanted_ = false;           // the core wants this connection; events of an unwanted one are dropped
    std::uint64_t next_misc_ms_ = 0;
};

}  // namespace egiz::host
