# Toolchain of Debian's and Ubuntu's cross compiler g++-aarch64-linux-gnu; what it builds is run by
# qemu-aarch64, of the package qemu-user. From the top of the repository:
#
#   cmake -S . -B build/aarch64 --toolchain cmake/aarch64-linux-gnu.cmake -DSKRNN_BUILD_PYTHON=OFF

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
