// MQTT 5 over TLS 1.3 with esp-mqtt (FR-1.2, FR-1.3, FR-1.5, FR-1.6; SEC-1).
//
// Three tasks meet here. The core's task only puts jobs into a queue and takes events out of another, so it never
// waits for the network. The link's own task does the jobs, which may block for seconds. esp-mqtt's task reports.
//
// Each connection is a new client: esp-mqtt keeps what was not acknowledged and would send it again beside the core,
// which owns the backlog.
#pragma once

#include <array>
#include <atomic>

#include "c_text.hpp"
#include "freertos/queue.h"
#include "freertos/semphr.h"
#include "identity_store.hpp"
#include "mqtt_client.h"
#include "mqtt_messages.hpp"
#include "ports.hpp"

namespace egiz::esp {

class MqttLink final : public MqttTransport {
  public:
    // Both must outlive the link: the SDK keeps pointers to certificates.
    MqttLink(const BrokerIdentity& broker, const char* account) : broker_(broker), account_(account) {}
    Status start();

    // From the core's task: hands over what has happened, waiting at most `wait_ms` for the first of it.
    void dispatch(MqttEvents& core, std::uint32_t wait_ms);

    Status connect(const ConnectRequest& request) override;
    void disconnect(bool clean) override;
    Status subscribe(std::string_view topic, std::uint8_t qos) override;
    Result<std::uint32_t> publish(const PublishRequest& request) override;

  private:
    // mqtt_link.cpp, the core's task
    void deliver(const LinkEvent& event, MqttEvents& core);
    void deliver_message(std::uint8_t slot, MqttEvents& core);
    bool post(const LinkJob& job);
    void end_session(Ending how);

    // mqtt_session.cpp, the link's task
    static void run(void* self);
    void perform(const LinkJob& job);
    void open_session(std::uint32_t session);
    void close_session(Ending how);
    void send(const LinkJob& job);
    bool create_client();
    bool set_connect_properties();

    // mqtt_session.cpp, esp-mqtt's task
    static void on_event(void* self, const char* base, std::int32_t id, void* data);
    void handle(const esp_mqtt_event_t& event);
    void force_tls13(esp_mqtt_client_handle_t client);
    void begin_message(const esp_mqtt_event_t& event);
    void receive(const esp_mqtt_event_t& event);
    void report(LinkEventKind kind, std::int32_t number = 0, bool accepted = true, std::uint8_t slot = 0);

    const BrokerIdentity& broker_;
    const char* account_;
    QueueHandle_t jobs_ = nullptr;
    QueueHandle_t events_ = nullptr;

    ConnectParameters parameters_{};  // written by the core only while no session is open or wanted
    std::array<OutboundSlot, outbound_slots> outbound_{};
    std::array<InboundSlot, inbound_slots> inbound_{};
    std::uint8_t receiving_ = inbound_slots;  // slot of the message that is coming in; inbound_slots: none

    esp_mqtt_client_handle_t client_ = nullptr;  // the link's task only
    std::atomic<std::uint32_t> session_{0};      // counts connect(); events of earlier ones are stale
    std::atomic<std::uint32_t> live_session_{0}; // the session of client_; 0: none, and connect() may be called
    std::atomic<Ending> ending_{Ending::none};   // asked for by the core, looked at before every job
    std::uint32_t next_token_ = 1;
    AckMatcher acks_{};
};

}  // namespace egiz::esp
