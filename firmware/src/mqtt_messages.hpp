// What passes between the core's task, the link's task and esp-mqtt's: plain values of fixed size, and the slots that
// hold the texts.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ack_matcher.hpp"
#include "c_text.hpp"

namespace egiz::esp {

inline constexpr std::size_t longest_topic = 304;
inline constexpr std::size_t longest_payload = 2304;    // the core's own limit for a status
inline constexpr std::size_t longest_command = 4096;    // the core reads no larger command
inline constexpr std::size_t longest_correlation = 64;
inline constexpr std::uint8_t outbound_slots = 4;
inline constexpr std::uint8_t inbound_slots = 2;

struct OutboundSlot {
    std::atomic<bool> used{false};
    std::uint32_t token = 0;
    std::uint8_t qos = 0;
    bool retain = false;
    std::uint8_t correlation_size = 0;
    std::uint16_t payload_size = 0;
    CText<longest_topic> topic;
    std::array<char, longest_correlation> correlation{};
    std::array<char, longest_payload> payload{};
};

struct InboundSlot {
    std::atomic<bool> used{false};
    bool retained = false;
    std::uint8_t correlation_size = 0;
    std::uint16_t topic_size = 0;
    std::uint16_t payload_size = 0;
    std::array<char, longest_correlation> correlation{};
    std::array<char, longest_topic> topic{};
    std::array<char, longest_command> payload{};
};

struct ConnectParameters {
    CText<128> host;
    std::uint16_t port = 0;
    std::uint16_t keep_alive_s = 0;
    std::uint16_t receive_maximum = 0;
    std::uint32_t session_expiry_s = 0;
    CText<longest_topic> will_topic;
    std::array<char, 512> will_payload{};
    std::uint16_t will_size = 0;
    std::uint8_t will_qos = 0;
    bool will_retain = false;
};

// How a session is to end. It is no job: a full queue must not be able to keep a session open, nor to make the core wait.
enum class Ending : std::uint8_t { none, with_will, without_will };

enum class LinkJobKind : std::uint8_t { connect, subscribe, publish, look };  // look: only see whether to end

struct LinkJob {
    LinkJobKind kind = LinkJobKind::connect;
    std::uint8_t slot = 0;      // of a publish or subscribe
    std::uint32_t session = 0;  // the session it was meant for
};

enum class LinkEventKind : std::uint8_t {
    connected,
    disconnected,
    subscribed,
    sent,       // number: the client's message id, token: ours
    published,  // number: the client's message id
    refused,    // token: could not be sent at all
    message,    // slot: of the message
};

struct LinkEvent {
    LinkEventKind kind = LinkEventKind::disconnected;
    bool accepted = true;
    std::uint8_t slot = 0;
    std::int32_t number = 0;
    std::uint32_t token = 0;
    std::uint32_t session = 0;
};

}  // namespace egiz::esp
