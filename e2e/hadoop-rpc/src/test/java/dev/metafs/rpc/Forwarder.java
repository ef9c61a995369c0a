package dev.metafs.rpc;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** An address in front of a server, whose traffic the tests hold up or lose. */
final class Forwarder implements Closeable {
  private final ServerSocket listener;
  private final int port;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile String target;
  private volatile boolean closed;
  /** Bytes of the request whose answer is to be lost, and whether it was seen. */
  private volatile byte[] method;
  private volatile boolean swallowing;
  private boolean held;

  /** {@code host:port} of the listener, to the same port of {@code target}. */
  Forwarder(String host, int port, String target) throws IOException {
    this.port = port;
    this.target = target;
    listener = new ServerSocket();
    listener.setReuseAddress(true);
    listener.bind(new InetSocketAddress(InetAddress.getByName(host), port));
    thread(this::accept);
  }

  /** Where new connections go; the present ones are closed. */
  void retarget(String host) {
    target = host;
    drop();
  }

  /** Holds what goes to the server until {@link #release}. */
  synchronized void hold() {
    held = true;
  }

  synchronized void release() {
    held = false;
    notifyAll();
  }

  /** From the next call of {@code name} on, nothing comes back from the server. */
  void swallowAnswersFrom(String name) {
    byte[] text = name.getBytes(StandardCharsets.US_ASCII);
    byte[] field = new byte[text.length + 2];
    // RequestHeaderProto.methodName.
    field[0] = 0x0a;
    field[1] = (byte) text.length;
    System.arraycopy(text, 0, field, 2, text.length);
    swallowing = false;
    method = field;
  }

  /** Whether that call has passed. */
  boolean swallowing() {
    return swallowing;
  }

  /** Answers pass again. */
  void pass() {
    method = null;
    swallowing = false;
  }

  /** Closes the present connections. */
  void drop() {
    open.forEach(Forwarder::quietly);
  }

  @Override
  public void close() throws IOException {
    closed = true;
    release();
    listener.close();
    drop();
  }

  private interface Work {
    void run() throws Exception;
  }

  private static void thread(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (Exception endOfConnection) {
                // Either side may end a connection at any time.
              }
            },
            "forwarder");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() throws IOException {
    while (!closed) {
      Socket client = listener.accept();
      thread(() -> connect(client));
    }
  }

  private void connect(Socket client) throws IOException {
    Socket server = new Socket();
    open.add(client);
    open.add(server);
    try {
      server.connect(new InetSocketAddress(target, port), 2000);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
    } catch (IOException e) {
      end(client, server);
      throw e;
    }
    thread(() -> requests(client, server));
    thread(() -> answers(client, server));
  }

  private void requests(Socket client, Socket server) throws Exception {
    try (InputStream in = client.getInputStream();
        OutputStream out = server.getOutputStream()) {
      byte[] buffer = new byte[64 << 10];
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        synchronized (this) {
          while (held) {
            wait();
          }
        }
        byte[] wanted = method;
        if (wanted != null && contains(buffer, length, wanted)) {
          swallowing = true;
        }
        out.write(buffer, 0, length);
      }
    } finally {
      end(client, server);
    }
  }

  private void answers(Socket client, Socket server) throws Exception {
    try (InputStream in = server.getInputStream();
        OutputStream out = client.getOutputStream()) {
      byte[] buffer = new byte[64 << 10];
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        if (!swallowing) {
          out.write(buffer, 0, length);
        }
      }
    } finally {
      end(client, server);
    }
  }

  private static boolean contains(byte[] buffer, int length, byte[] wanted) {
    for (int start = 0; start + wanted.length <= length; start++) {
      int same = 0;
      while (same < wanted.length && buffer[start + same] == wanted[same]) {
        same++;
      }
      if (same == wanted.length) {
        return true;
      }
    }
    return false;
  }

  private void end(Socket client, Socket server) {
    quietly(client);
    quietly(server);
    open.remove(client);
    open.remove(server);
  }

  private static void quietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed all the same.
    }
  }
}
