// Everything the core needs from the world, as small interfaces. Adapters (firmware/src, firmware/host) implement
// them; nothing here knows ESP-IDF, POSIX or a heap. All calls come from the one task that owns the core and none
// may block longer than its comment says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "reading.hpp"
#include "result.hpp"

namespace egiz {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// Interfaces are never deleted through a base pointer, so their destructors stay protected and cost no vtable slot.
class Clock {
  public:
    virtual std::uint64_t monotonic_ms() = 0;  // since boot, never steps
    // UTC in ms since 1970 once NTP has answered in this boot; not_found before.
    virtual Result<std::uint64_t> utc_ms() = 0;

  protected:
    ~Clock() = default;
};

class Random {
  public:
    virtual void fill(MutableBytes out) = 0;  // cryptographic quality

  protected:
    ~Random() = default;
};

// Small named values that survive power loss (NVS). put() is atomic: after a cut either the old or the new value is
// there. Keys have at most 15 characters (NVS), values at most 4000 bytes.
class KeyValue {
  public:
    virtual Result<std::size_t> get(std::string_view key, MutableBytes out) = 0;
    virtual Status put(std::string_view key, Bytes value) = 0;
    virtual Status erase(std::string_view key) = 0;
    virtual Status erase_all() = 0;  // factory reset: everything but the identity the board was provisioned with

  protected:
    ~KeyValue() = default;
};

// A raw NOR partition: erase sets a whole sector to 0xFF, write only clears bits and is given 16-byte aligned
// offsets and lengths, so that it works under flash encryption as well.
class Flash {
  public:
    virtual std::size_t sector_size() = 0;
    virtual std::size_t sector_count() = 0;
    virtual Status read(std::size_t offset, MutableBytes out) = 0;
    virtual Status write(std::size_t offset, Bytes data) = 0;
    virtual Status erase(std::size_t sector) = 0;

  protected:
    ~Flash() = default;
};

// Wi-Fi, or whatever carries IP.
class Network {
  public:
    virtual bool up() = 0;
    virtual std::int8_t rssi() = 0;              // dBm; 0 when unknown
    virtual std::uint32_t reconnects() = 0;      // since boot

  protected:
    ~Network() = default;
};

struct Will {
    std::string_view topic;
    std::string_view payload;
    std::uint8_t qos = 2;
    bool retain = true;
};

struct ConnectRequest {
    Will will;
    std::uint16_t keep_alive_s = 15;          // the broker notices a dead board within 1.5 times this
    std::uint16_t receive_maximum = 20;       // FR-2.6: at most 100
    std::uint32_t session_expiry_s = 86400;   // FR-2.9
    // A broker given by configuration; empty and 0 mean the one the board was provisioned with.
    std::string_view host;
    std::uint16_t port = 0;
};

struct PublishRequest {
    std::string_view topic;
    std::string_view payload;
    std::uint8_t qos = 1;
    bool retain = false;
    Bytes correlation;  // MQTT 5 Correlation Data of an answer; empty when none
};

// One MQTT 5 session over TLS 1.3. connect() starts and returns; the outcome arrives as Events below. A publish that
// was not acknowledged when the connection ends is forgotten by the transport: the core sends it again.
class MqttTransport {
  public:
    virtual Status connect(const ConnectRequest& request) = 0;
    virtual void disconnect(bool clean) = 0;  // clean: the will is not sent
    virtual Status subscribe(std::string_view topic, std::uint8_t qos) = 0;
    // A token of 1 or more, to be repeated in on_published().
    virtual Result<std::uint32_t> publish(const PublishRequest& request) = 0;

  protected:
    ~MqttTransport() = default;
};

struct InboundMessage {
    std::string_view topic;
    std::string_view payload;
    bool retained = false;
    Bytes correlation;
};

// What the adapter tells the core, always from the core's task.
class MqttEvents {
  public:
    virtual void on_connected() = 0;
    virtual void on_disconnected() = 0;  // also when a connect attempt failed
    virtual void on_subscribed() = 0;
    virtual void on_published(std::uint32_t token, bool accepted) = 0;  // PUBACK or PUBCOMP; accepted: code below 0x80
    virtual void on_message(const InboundMessage& message) = 0;

  protected:
    ~MqttEvents() = default;
};

inline constexpr std::size_t sha256_size = 32;
inline constexpr std::size_t p256_key_size = 64;        // X || Y
inline constexpr std::size_t p256_signature_size = 64;  // r || s

// PSA Crypto on every platform. One digest may be open at a time per instance.
class Crypto {
  public:
    virtual Status sha256_begin() = 0;
    virtual Status sha256_update(Bytes data) = 0;
    virtual Status sha256_finish(std::span<std::uint8_t, sha256_size> digest) = 0;
    // denied when the signature does not verify.
    virtual Status verify_p256(std::span<const std::uint8_t, p256_key_size> key,
                               std::span<const std::uint8_t, sha256_size> digest,
                               std::span<const std::uint8_t, p256_signature_size> signature) = 0;

  protected:
    ~Crypto() = default;
};

enum class BootState : std::uint8_t {
    confirmed = 0,       // an ordinary boot
    pending_verify = 1,  // first boot of a new image: confirm or be rolled back
    rolled_back = 2,     // the previous image is running again after the new one failed
};

// The two application slots. Writes go to the slot that is not running.
class OtaSlots {
  public:
    virtual BootState boot_state() = 0;
    virtual std::size_t slot_size() = 0;
    virtual Status begin(std::size_t image_size) = 0;  // erases the inactive slot
    virtual Status resume(std::size_t offset) = 0;     // continues behind `offset` bytes already written
    virtual Status write(std::size_t offset, Bytes data) = 0;
    virtual Status read(std::size_t offset, MutableBytes out) = 0;  // read-back of the inactive slot
    virtual Status activate() = 0;   // boot from the inactive slot next time, pending_verify
    virtual Status confirm() = 0;    // the running image is good
    virtual void roll_back() = 0;    // marks the running image bad and restarts; may return on a host
    virtual void abandon() = 0;      // forget a partly written slot

  protected:
    ~OtaSlots() = default;
};

// HTTPS download by Range. poll() is called from the loop and blocks at most 200 ms.
class Download {
  public:
    virtual Status open(std::string_view url, std::size_t offset) = 0;
    // Bytes read now; 0 with ok when nothing has arrived yet; not_found at the end of the image.
    virtual Result<std::size_t> poll(MutableBytes out) = 0;
    virtual void close() = 0;

  protected:
    ~Download() = default;
};

enum class ResetReason : std::uint8_t {
    unknown = 0, power_on, software, panic, task_watchdog, interrupt_watchdog, brownout, deep_sleep, external,
};
std::string_view to_string(ResetReason r);

struct HeapInfo {
    std::uint32_t free = 0;
    std::uint32_t minimum_free = 0;
    std::uint32_t largest_block = 0;
};

enum class LogLevel : std::uint8_t { none = 0, error, warn, info, debug };

class System {
  public:
    virtual ResetReason reset_reason() = 0;
    virtual HeapInfo heap() = 0;
    virtual void feed_watchdog() = 0;
    virtual void restart() = 0;                       // may return on a host; the loop then ends
    virtual void identify(std::uint32_t seconds) = 0; // blink
    virtual void set_log_level(LogLevel level) = 0;
    virtual void log(LogLevel level, std::string_view text) = 0;
    // A counter in memory that survives a reset but not a power cycle; 0 after power-on.
    virtual std::uint32_t crash_count() = 0;
    virtual void set_crash_count(std::uint32_t n) = 0;

  protected:
    ~System() = default;
};

// Buses, for the register decoders of core/sensors. Every call ends within its own timeout (100 ms at most).
class UartBus {
  public:
    virtual Status exchange(Bytes request, MutableBytes response, std::uint32_t timeout_ms) = 0;

  protected:
    ~UartBus() = default;
};

class I2cBus {
  public:
    virtual Status write(std::uint8_t address, Bytes data) = 0;
    virtual Status read(std::uint8_t address, MutableBytes data) = 0;
    virtual Status write_read(std::uint8_t address, Bytes out, MutableBytes in) = 0;

  protected:
    ~I2cBus() = default;
};

class SpiBus {
  public:
    virtual Status transfer(std::uint8_t chip_select, Bytes out, MutableBytes in) = 0;

  protected:
    ~SpiBus() = default;
};

// The sensors of one board as the core sees them: asked once per sampling interval, fills every field with a value
// or a quality code.
class SensorSource {
  public:
    virtual SensorKind kind() = 0;
    virtual void sample(std::uint64_t monotonic_ms, Reading& out) = 0;
    // Number of samples the median filter looks at (1 to 15), changed by configuration while running.
    virtual void configure(std::uint8_t filter_window) = 0;

  protected:
    ~SensorSource() = default;
};

struct Ports {
    Clock& clock;
    Random& random;
    KeyValue& kv;
    Flash& backlog_flash;
    Network& network;
    MqttTransport& mqtt;
    Crypto& crypto;
    OtaSlots& ota;
    Download& download;
    System& system;
    SensorSource& sensors;
};

}  // namespace egiz
