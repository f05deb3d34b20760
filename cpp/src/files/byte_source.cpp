#include "files/byte_source.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <system_error>

namespace skrnn {
namespace {

[[noreturn]] void fail_reading(int error, const std::string& path) {
  throw std::system_error(error, std::generic_category(), path);
}

std::FILE* open_for_reading(const std::filesystem::path& path) {
#ifdef _WIN32
  return _wfopen(path.c_str(), L"rb");
#else
  return std::fopen(path.c_str(), "rb");
#endif
}

// The size in bytes; -1, with errno set, on failure.
std::int64_t size_of(std::FILE* file) {
#ifdef _WIN32
  return _fseeki64(file, 0, SEEK_END) == 0 ? _ftelli64(file) : -1;
#else
  return fseeko(file, 0, SEEK_END) == 0 ? static_cast<std::int64_t>(ftello(file)) : -1;
#endif
}

int seek(std::FILE* file, std::int64_t position) {
#ifdef _WIN32
  return _fseeki64(file, position, SEEK_SET);
#else
  return fseeko(file, static_cast<off_t>(position), SEEK_SET);
#endif
}

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

class File final : public ByteSource {
 public:
  explicit File(const std::string& name) : name_(name) {
    namespace fs = std::filesystem;
    if (name.find('\0') != std::string::npos) {
      throw std::invalid_argument("a path cannot hold a NUL character");
    }
    const fs::path path = fs::u8path(name);
    // Checked before it is opened: opening a pipe would block until another process writes.
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) fail_reading(EISDIR, name);
    if (fs::exists(status) && !fs::is_regular_file(status)) {
      throw std::invalid_argument("a model is read from a regular file, and this is not one");
    }
    file_.reset(open_for_reading(path));
    if (!file_) fail_reading(errno, name);
    // The size of the open file: its path may name another file by now.
    size_ = size_of(file_.get());
    if (size_ < 0) fail_reading(errno, name);
    if (static_cast<std::uint64_t>(size_) > std::numeric_limits<std::size_t>::max() / 2) {
      throw std::invalid_argument("a file of " + std::to_string(size_) +
                                  " bytes is more than this machine can address");
    }
  }

  std::int64_t size() const override { return size_; }

  void read(std::int64_t begin, std::int64_t count, void* to) override {
    if (seek(file_.get(), begin) != 0) fail_reading(errno, name_);
    const auto wanted = static_cast<std::size_t>(count);
    if (std::fread(to, 1, wanted, file_.get()) == wanted) return;
    if (std::ferror(file_.get()) != 0) fail_reading(errno, name_);
    throw std::invalid_argument("the file became shorter while it was read");
  }

 private:
  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  std::int64_t size_ = 0;
};

class Memory final : public ByteSource {
 public:
  Memory(const char* data, std::size_t size) : data_(data), size_(size) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(size_); }

  void read(std::int64_t begin, std::int64_t count, void* to) override {
    if (count > 0) std::memcpy(to, data_ + begin, static_cast<std::size_t>(count));
  }

 private:
  const char* data_;
  std::size_t size_;
};

}  // namespace

std::unique_ptr<ByteSource> open_file(const std::string& path) {
  return std::make_unique<File>(path);
}

std::unique_ptr<ByteSource> bytes_in_memory(const char* data, std::size_t size) {
  return std::make_unique<Memory>(data, size);
}

}  // namespace skrnn
