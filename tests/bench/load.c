/* MQTT load tool on libmosquitto, one thread, one ppoll loop per process. Latency counts from the intended
 * send time (open loop), so a slow answerer cannot slow the load.
 *
 * The reference, on topics of its own: what the machine and the broker can do at all.
 *   load rtt      PORT RATE COUNT QOS [MAXWAIT_S]         badge -> unlock round trip against `echo`
 *   load echo     PORT QOS [SECONDS]                      answers each badge with an unlock
 * The product, on the contract's topics (root natoma):
 *   load taps     PORT RATE COUNT DOORS CARDS RUN [MAXWAIT_S]   badge.read at door-00 … -> unlock with that read's id;
 *                                                         CARDS: a file, one number a line; RATE 0: all at one instant
 *   load readings PORT RATE COUNT SENSORS RUN             telemetry of sensor-000 …; RATE 0: as fast as the socket takes it
 * Build: cc -O2 -o load load.c -lmosquitto.  Prints one JSON line. Always 127.0.0.1. */
#define _GNU_SOURCE
#include <mosquitto.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

static double now(void){ struct timespec t; clock_gettime(CLOCK_MONOTONIC,&t); return t.tv_sec+t.tv_nsec*1e-9; }
static double wall(void){ struct timespec t; clock_gettime(CLOCK_REALTIME,&t); return t.tv_sec+t.tv_nsec*1e-9; }
static double cpu(void){ struct rusage r; getrusage(RUSAGE_SELF,&r);
  return r.ru_utime.tv_sec+r.ru_stime.tv_sec+(r.ru_utime.tv_usec+r.ru_stime.tv_usec)*1e-6; }
static int cmp(const void*a,const void*b){ double x=*(double*)a,y=*(double*)b; return x<y?-1:x>y; }

static struct mosquitto *m; static int ready, qos, mode; static long got, count, twice, denied; static const char*run=""; static double *sent, *lat, t_first, t_last, c_first;
static void on_connect(struct mosquitto *q,void*u,int rc){ (void)q;(void)u; if(rc){fprintf(stderr,"connect rc %d\n",rc);exit(1);} ready|=1; }
static void on_sub(struct mosquitto *q,void*u,int mid,int n,const int*g){ (void)q;(void)u;(void)mid;(void)n;(void)g; ready|=2; }
static void on_msg(struct mosquitto *q,void*u,const struct mosquitto_message *x){
  (void)u;
  if(mode=='t'){ char*re,*doit; static char buf[4096]; int n=x->payloadlen<4095?x->payloadlen:4095; memcpy(buf,x->payload,n); buf[n]=0;
    doit=strstr(buf,"\"do\":\"unlock\""); re=strstr(buf,"\"re\":\""); if(!re) return; re+=6;
    if(strncmp(re,run,strlen(run))||re[strlen(run)]!='-') return;
    long k=atol(re+strlen(run)+1); if(k<0||k>=count) return;
    if(!doit){ denied++; return; }
    if(lat[k]<0){ lat[k]=now()-sent[k]; got++; t_last=now(); } else twice++; return; }
  char *s=x->payloadlen?strstr((char*)x->payload,"\"seq\":"):0; if(!s) return;
  long i=atol(s+6);
  if(mode=='e'){ char door[64],top[96],out[96]; if(sscanf(x->topic,"site/door/%63[^/]",door)!=1) return;
    int n=snprintf(out,sizeof out,"{\"door\":\"%s\",\"action\":\"unlock\",\"seq\":%ld}",door,i);
    snprintf(top,sizeof top,"site/door/%s/unlock",door); mosquitto_publish(q,0,top,n,out,qos,false); got++; return; }
  if(i>=0&&i<count&&lat[i]<0){ lat[i]=now()-sent[i]; got++; }
}
static void turn(double until){ /* one poll turn, at most until the given time */
  double d=until-now(); if(d<0)d=0; struct timespec ts={(time_t)d,(long)((d-(time_t)d)*1e9)};
  struct pollfd p={mosquitto_socket(m),POLLIN|(mosquitto_want_write(m)?POLLOUT:0),0};
  ppoll(&p,1,&ts,0);
  if(p.revents&POLLIN){ int rc=mosquitto_loop_read(m,1000); if(rc){fprintf(stderr,"read: %s\n",mosquitto_strerror(rc));exit(1);} }
  if(p.revents&POLLOUT||mosquitto_want_write(m)) mosquitto_loop_write(m,1000);
  static double misc; if(now()>misc){ mosquitto_loop_misc(m); misc=now()+1; }
}
static void start(int port,const char*filter,const char*id){
  mosquitto_lib_init(); m=mosquitto_new(id,id==0,0);
  mosquitto_int_option(m,MOSQ_OPT_TCP_NODELAY,1); mosquitto_max_inflight_messages_set(m,0);
  mosquitto_connect_callback_set(m,on_connect); mosquitto_subscribe_callback_set(m,on_sub); mosquitto_message_callback_set(m,on_msg);
  if(mosquitto_connect(m,"127.0.0.1",port,60)){perror("connect");exit(1);}
  while(!(ready&1)) turn(now()+1);
  if(filter){ mosquitto_subscribe(m,0,filter,qos); while(!(ready&2)) turn(now()+1); }
}
#define Q(f) (n?ok[(long)((n-1)*(f))]*1e6:-1)
int main(int ac,char**av){
  prctl(PR_SET_TIMERSLACK,1);
  if(ac<4) return 2;
  int port=atoi(av[2]); char top[96],pay[512];
  mode=!strcmp(av[1],"taps")?'t':!strcmp(av[1],"readings")?'f':!strcmp(av[1],"rtt")?'r':!strcmp(av[1],"echo")?'e':'?';
  if(mode=='t'){ double rate=atof(av[3]); count=atol(av[4]); int doors=atoi(av[5]); run=av[7]; double maxwait=ac>8?atof(av[8]):5;
    static char cards[20000][24]; long ncards=0; FILE*f=fopen(av[6],"r"); if(!f){perror(av[6]);return 1;}
    while(ncards<20000&&fscanf(f,"%23s",cards[ncards])==1) ncards++;
    fclose(f); if(!ncards) return 2;
    sent=calloc(count,8); lat=malloc(count*8); for(long i=0;i<count;i++)lat[i]=-1;
    start(port,"natoma/1/+/down/command",0);
    double t0=now()+.05, late=0;
    for(long i=0;i<count;i++){ double t=rate>0?t0+i/rate:t0; while(now()<t) turn(t);
      if(now()-t>late)late=now()-t; sent[i]=t;
      int n=snprintf(pay,sizeof pay,"{\"id\":\"%s-%ld\",\"type\":\"badge.read\",\"ts\":%.0f,\"data\":{\"card\":\"%s\",\"bits\":56,\"format\":\"iso14443a\",\"direction\":\"in\"}}",run,i,wall()*1000,cards[(i*7919)%ncards]);
      snprintf(top,sizeof top,"natoma/1/door-%02ld/up/event",i%doors); mosquitto_publish(m,0,top,n,pay,1,false); }
    double tsent=now(); while(got<count&&now()<tsent+maxwait) turn(now()+.05);
    double end=now()+.2; while(now()<end) turn(now()+.05); /* late second answers */
    double*ok=malloc(count*8); long n=0; for(long i=0;i<count;i++) if(lat[i]>=0) ok[n++]=lat[i];
    qsort(ok,n,8,cmp);
    printf("{\"rate\":%g,\"sent\":%ld,\"got\":%ld,\"twice\":%ld,\"denied\":%ld,\"p50\":%.0f,\"p90\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%.0f,\"sender_late_us\":%.0f}\n",
      rate,count,n,twice,denied,Q(.5),Q(.9),Q(.99),Q(.999),Q(1),late*1e6); return 0; }
  if(mode=='r'){ double rate=atof(av[3]); count=atol(av[4]); qos=atoi(av[5]); double maxwait=ac>6?atof(av[6]):5;
    sent=calloc(count,8); lat=malloc(count*8); for(long i=0;i<count;i++)lat[i]=-1;
    start(port,"site/door/+/unlock",0);
    double t0=now()+.05, late=0;
    for(long i=0;i<count;i++){ double t=t0+i/rate; while(now()<t) turn(t);
      if(now()-t>late)late=now()-t; sent[i]=t;
      int n=snprintf(pay,sizeof pay,"{\"reader\":\"door-%02ld\",\"card\":\"04A1B2C3%06ld\",\"ts\":%.6f,\"seq\":%ld}",i%20,(i*7)%1000,wall(),i);
      snprintf(top,sizeof top,"site/door/%02ld/badge",i%20); mosquitto_publish(m,0,top,n,pay,qos,false); }
    double tsent=now(); while(got<count&&now()<tsent+maxwait) turn(now()+.05);
    double tend=now(); double*ok=malloc(count*8); long n=0; for(long i=0;i<count;i++) if(lat[i]>=0) ok[n++]=lat[i];
    qsort(ok,n,8,cmp);
#define P(f) (n?ok[(long)((n-1)*(f))]*1e6:-1)
    printf("{\"rate\":%g,\"sent\":%ld,\"got\":%ld,\"p50\":%.0f,\"p90\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%.0f,\"drain_s\":%.3f,\"sender_late_us\":%.0f}\n",
      rate,count,n,P(.5),P(.9),P(.99),P(.999),P(1),tend-tsent,late*1e6); return 0; }
  if(mode=='e'){ qos=atoi(av[3]); double end=now()+(ac>4?atof(av[4]):1e9); start(port,"site/door/+/badge",0);
    fprintf(stderr,"ready\n"); while(now()<end) turn(now()+1); return 0; }
  if(mode=='f'){ double rate=atof(av[3]); count=atol(av[4]); int sensors=atoi(av[5]); run=av[6];
    start(port,0,0); double t0=now(),c0=cpu(); long i=0;
    while(i<count){ long due=rate>0?(long)((now()-t0)*rate)+1:count; if(due>count)due=count; long burst=0;
      while(i<due&&!mosquitto_want_write(m)&&burst++<200){
        int n=snprintf(pay,sizeof pay,"{\"id\":\"%s-%ld\",\"ts\":%.0f,\"v\":{\"temperature\":%.2f}}",run,i,wall()*1000,20+(i%500)/100.);
        snprintf(top,sizeof top,"natoma/1/sensor-%03ld/up/telemetry",i%sensors); mosquitto_publish(m,0,top,n,pay,1,false); i++; }
      turn(mosquitto_want_write(m)?now()+.01:rate>0?t0+(i)/rate:now()); }
    double e=now()+1.0; while(now()<e||mosquitto_want_write(m)) turn(now()+.05);
    printf("{\"flooded\":%ld,\"rate\":%.0f,\"cpu_us\":%.2f}\n",count,count/(now()-t0-1.0),(cpu()-c0)/count*1e6); return 0; }
  return 2;
}
